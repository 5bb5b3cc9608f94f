import { costBreakdown } from '../costs/breakdown.js';
import { costSummary } from '../costs/summary.js';
import { costTrends } from '../costs/trends.js';
import { costsUnpriced } from '../costs/unpriced.js';
import type { Cost, RequestFilters, Spending } from './model-call-rows.js';
import {
  type Compared,
  type RangeParameters,
  type RecordAnswer,
  ReportRepository,
  type TableAnswer,
  type TableParameters,
  type TrendAnswer,
  type TrendParameters,
} from './report-repository.js';

/** What cost can be broken down by: an attribute of the calls, or metadata of one's own. */
export type CostDimension =
  | 'model'
  | 'provider'
  | 'agent'
  | 'tool'
  | 'user'
  | 'session'
  | 'task'
  | 'trace'
  | 'key'
  | `properties.${string}`;

/** What the calls of a range cost. */
export interface CostFigures extends Spending {
  /** Cost / priced calls; null when none is priced. */
  readonly average_cost_per_request_microdollars: number | null;
  readonly average_cost_per_request_usd: string | null;
}

/** What a part of the calls cost. */
export interface CostMeasures extends Spending {
  /** Cost / total cost; null when either is not known. */
  readonly cost_share: number | null;
}

/** What the calls with one value of the dimension cost; the column of that value bears the name of the dimension. */
export type CostRow = CostMeasures & { readonly [dimension: string]: string | number | null };

/** What is counted of calls without a price. Times are ISO 8601. */
export interface UnpricedMeasures {
  readonly requests: number;
  readonly total_tokens: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly first_seen_at: string | null;
  readonly last_seen_at: string | null;
}

/** Calls without a price for the same reason. */
export interface UnpricedRow extends UnpricedMeasures {
  readonly provider: string | null;
  readonly model: string | null;
  readonly reason: string | null;
  /** Kinds of token without a price. */
  readonly missing_kinds: string | null;
}

type ComparedFigures =
  | 'requests'
  | 'unpriced_requests'
  | 'total_tokens'
  | keyof Cost
  | `average_cost_per_request_${'microdollars' | 'usd'}`;

/**
 * What was spent, exactly: the reports `costs ...`. Rows add up to their total, to the picodollar.
 *
 * @example
 * const costs = new CostAnalyticsRepository(product);
 * const { rows, totals } = await costs.breakdown('default', { by: 'tool', sortBy: 'cost_usd' });
 */
export class CostAnalyticsRepository extends ReportRepository {
  /** All calls together, against the previous period. */
  summary(
    projectId: string,
    parameters: RequestFilters & RangeParameters = {},
  ): Promise<RecordAnswer<Compared<CostFigures, ComparedFigures>>> {
    return this.read(costSummary, projectId, parameters);
  }

  /** Cost by one attribute of the calls, or by metadata. @param parameters `by` is the model by default */
  breakdown(
    projectId: string,
    parameters: RequestFilters & TableParameters<CostMeasures> & { readonly by?: CostDimension | undefined } = {},
  ): Promise<TableAnswer<CostRow, CostMeasures>> {
    return this.read(costBreakdown, projectId, parameters);
  }

  /** Cost over time. */
  trends(projectId: string, parameters: RequestFilters & TrendParameters = {}): Promise<TrendAnswer<Spending>> {
    return this.read(costTrends, projectId, parameters);
  }

  /** Calls that no price is known for, by model and reason; they are in no cost. */
  unpriced(
    projectId: string,
    parameters: RequestFilters & TableParameters<UnpricedRow> = {},
  ): Promise<TableAnswer<UnpricedRow, UnpricedMeasures>> {
    return this.read(costsUnpriced, projectId, parameters);
  }
}
