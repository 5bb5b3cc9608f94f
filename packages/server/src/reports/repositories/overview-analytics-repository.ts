import { overview } from '../overview/overview.js';
import type { RequestCosts } from './model-call-rows.js';
import { type Compared, type RangeParameters, type RecordAnswer, ReportRepository } from './report-repository.js';
import type { IncludeFilter } from './traffic-analytics-repository.js';

/** Everything at a glance. Shares from 0 to 1, null where there is nothing to share. */
export interface OverviewFigures extends RequestCosts {
  readonly total_tokens: number;
  readonly cache_hit_rate: number | null;
  readonly error_rate: number | null;
  readonly sessions: number;
  readonly visitors: number;
  readonly page_views: number;
  readonly bounce_rate: number | null;
  readonly conversions: number;
  readonly human_sessions: number;
  readonly bot_sessions: number;
  readonly bot_share: number | null;
  readonly users: number;
  readonly tool_executions: number;
  readonly tool_success_rate: number | null;
  readonly tasks: number;
  readonly task_success_rate: number | null;
  readonly conversations: number;
  readonly messages: number;
  readonly active_agents: number;
}

/**
 * One screen of all of it: the report `overview`.
 *
 * @example
 * const overviews = new OverviewAnalyticsRepository(product);
 * const { rows } = await overviews.overview('default', { since: '24h' });
 */
export class OverviewAnalyticsRepository extends ReportRepository {
  /** Calls, cost, visits, tools, tasks and conversations, each against the previous period of the same length. */
  overview(
    projectId: string,
    parameters: IncludeFilter & RangeParameters = {},
  ): Promise<RecordAnswer<Compared<OverviewFigures, keyof OverviewFigures>>> {
    return this.read(overview, projectId, parameters);
  }
}
