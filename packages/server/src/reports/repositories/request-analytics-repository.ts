import { requestList } from '../requests/list.js';
import { requestModels } from '../requests/models.js';
import { requestStats } from '../requests/stats.js';
import { requestTrends } from '../requests/trends.js';
import type { Cost, RequestFilters, RequestPerformance, Spending } from './model-call-rows.js';
import {
  type RangeParameters,
  type RecordAnswer,
  ReportRepository,
  type TableAnswer,
  type TableParameters,
  type TrendAnswer,
  type TrendParameters,
} from './report-repository.js';

/** What is counted of model calls. */
export interface RequestMeasures extends Spending, RequestPerformance {}

/** The calls of one model. */
export interface ModelRow extends RequestMeasures {
  readonly provider: string | null;
  readonly model: string | null;
}

/** One model call. */
export interface RequestRow extends Cost {
  /** ISO 8601. */
  readonly timestamp: string;
  readonly request_id: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly agent: string | null;
  /** The tool it was made inside. */
  readonly tool: string | null;
  readonly status: string | null;
  readonly error_type: string | null;
  readonly unpriced_reason: string | null;
  readonly input_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly output_tokens: number;
  readonly latency_ms: number | null;
  readonly user_id: string | null;
  readonly session_id: string | null;
  readonly task_id: string | null;
  readonly trace_id: string | null;
}

/**
 * Model calls with their cost, tokens, errors and times: the reports `requests ...`.
 *
 * @example
 * const requests = new RequestAnalyticsRepository(product);
 * const { rows } = await requests.list('default', { agent: 'researcher', sortBy: 'latency_ms', limit: 1 });
 */
export class RequestAnalyticsRepository extends ReportRepository {
  /** All calls together. */
  stats(projectId: string, parameters: RequestFilters & RangeParameters = {}): Promise<RecordAnswer<RequestMeasures>> {
    return this.read(requestStats, projectId, parameters);
  }

  /** Single calls, newest first unless sorted otherwise. */
  list(projectId: string, parameters: RequestFilters & TableParameters<RequestRow> = {}): Promise<TableAnswer<RequestRow>> {
    return this.read(requestList, projectId, parameters);
  }

  /** Calls over time. */
  trends(projectId: string, parameters: RequestFilters & TrendParameters = {}): Promise<TrendAnswer<RequestMeasures>> {
    return this.read(requestTrends, projectId, parameters);
  }

  /** Every model, most calls first unless sorted otherwise. */
  models(projectId: string, parameters: RequestFilters & TableParameters<ModelRow> = {}): Promise<TableAnswer<ModelRow, RequestMeasures>> {
    return this.read(requestModels, projectId, parameters);
  }
}
