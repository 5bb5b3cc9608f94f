import { sessionList } from '../sessions/list.js';
import { sessionsLive } from '../sessions/live.js';
import { sessionStats } from '../sessions/stats.js';
import { sessionTrends } from '../sessions/trends.js';
import type { Cost, RequestCosts } from './model-call-rows.js';
import {
  type Compared,
  type RangeParameters,
  type RecordAnswer,
  ReportRepository,
  type SortParameters,
  type TableAnswer,
  type TableParameters,
  type TrendAnswer,
  type TrendParameters,
} from './report-repository.js';
import type { IncludeFilter } from './traffic-analytics-repository.js';

/** What is counted of sessions. */
export interface SessionMeasures extends RequestCosts {
  readonly sessions: number;
  readonly users: number;
  readonly visitors: number;
  readonly converted_sessions: number;
  readonly bounce_rate: number | null;
  readonly average_duration_ms: number | null;
  readonly p50_duration_ms: number | null;
  readonly events: number;
  readonly page_views: number;
  readonly tool_executions: number;
  readonly tasks: number;
  readonly messages: number;
  readonly human_sessions: number;
  readonly bot_sessions: number;
  readonly bot_share: number | null;
}

/** One session. Times are ISO 8601; what is only known of web clients is null for others. */
export interface LiveSessionRow extends Cost {
  readonly session_id: string | null;
  readonly user_id: string | null;
  readonly visitor_id: string | null;
  readonly traffic_class: string | null;
  readonly behavioral_bot_score: number | null;
  readonly layered_score: number | null;
  readonly device: string | null;
  readonly country: string | null;
  readonly channel: string | null;
  readonly entry_page: string | null;
  readonly agent: string | null;
  readonly session_source: string | null;
  readonly started_at: string;
  readonly last_activity_at: string;
  readonly events: number;
  readonly page_views: number;
  readonly http_requests: number;
  readonly requests: number;
  readonly unpriced_requests: number;
  readonly failed_requests: number;
  readonly tool_executions: number;
  readonly failed_tool_executions: number;
  readonly tasks: number;
  readonly messages: number;
}

/** Which sessions go on. */
export interface LiveParameters extends IncludeFilter, SortParameters<LiveSessionRow> {
  /** Minutes since the last activity, 1 to 1440. @default 30 */
  readonly minutes?: number | undefined;
}

/**
 * Sessions as the command `sessions` shows them. For single sessions there is `SessionRepository`.
 *
 * @example
 * const sessions = new CliSessionAnalyticsRepository(product);
 * const live = await sessions.live('default', { minutes: 30, sortBy: 'page_views', limit: 1 });
 */
export class CliSessionAnalyticsRepository extends ReportRepository {
  /** Sessions that started in the range, against the previous period. */
  stats(
    projectId: string,
    parameters: IncludeFilter & RangeParameters = {},
  ): Promise<RecordAnswer<Compared<SessionMeasures, 'sessions' | 'users' | 'average_duration_ms' | keyof Cost>>> {
    return this.read(sessionStats, projectId, parameters);
  }

  /** Sessions by the hour, day or week they started in. */
  trends(projectId: string, parameters: IncludeFilter & TrendParameters = {}): Promise<TrendAnswer<SessionMeasures>> {
    return this.read(sessionTrends, projectId, parameters);
  }

  /** Single sessions that started in the range, newest first. */
  list(projectId: string, parameters: IncludeFilter & TableParameters<LiveSessionRow> = {}): Promise<TableAnswer<LiveSessionRow>> {
    return this.read(sessionList, projectId, parameters);
  }

  /** Sessions with activity in the last minutes, latest first. */
  live(projectId: string, parameters: LiveParameters = {}): Promise<TableAnswer<LiveSessionRow>> {
    return this.read(sessionsLive, projectId, parameters);
  }
}
