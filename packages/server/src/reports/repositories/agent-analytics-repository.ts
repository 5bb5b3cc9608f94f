import { agentList } from '../agents/list.js';
import { agentShow } from '../agents/show.js';
import { agentStats } from '../agents/stats.js';
import { agentTrends } from '../agents/trends.js';
import type { RequestCosts } from './model-call-rows.js';
import {
  type RangeParameters,
  type RecordAnswer,
  ReportRepository,
  type TableAnswer,
  type TableParameters,
  type TrendAnswer,
  type TrendParameters,
} from './report-repository.js';

/** What is counted of agents. Shares from 0 to 1, null where there is nothing to share. */
export interface AgentMeasures extends RequestCosts {
  readonly tasks: number;
  readonly completed_tasks: number;
  readonly failed_tasks: number;
  readonly timeout_tasks: number;
  readonly canceled_tasks: number;
  readonly running_tasks: number;
  readonly success_rate: number | null;
  readonly average_duration_ms: number | null;
  readonly p50_duration_ms: number | null;
  readonly p95_duration_ms: number | null;
  readonly p99_duration_ms: number | null;
  readonly total_tokens: number;
  readonly request_error_rate: number | null;
  readonly tool_executions: number;
}

/** All agents together. */
export interface AgentStats extends AgentMeasures {
  readonly active_agents: number;
}

/** One agent. */
export interface AgentRow extends AgentMeasures {
  readonly agent: string | null;
}

/** One agent with how its tasks stand, why they failed and what it used, the most frequent first. */
export interface AgentDetails extends AgentRow {
  readonly statuses: readonly { readonly status: string | null; readonly tasks: number }[];
  readonly top_errors: readonly { readonly error_type: string | null; readonly tasks: number; readonly latest_message: string | null }[];
  readonly top_models: readonly { readonly model: string | null; readonly requests: number }[];
  readonly top_tools: readonly { readonly tool: string | null; readonly executions: number }[];
  /** Tasks by the hour of the day they started in, in the time zone of the project. */
  readonly hours: readonly { readonly hour: number; readonly tasks: number }[];
}

/**
 * What agents did and what it cost: the reports `agents ...`.
 *
 * @example
 * const agents = new AgentAnalyticsRepository(product);
 * const { rows } = await agents.show('default', 'researcher');
 */
export class AgentAnalyticsRepository extends ReportRepository {
  /** All agents together. */
  stats(projectId: string, parameters: RangeParameters = {}): Promise<RecordAnswer<AgentStats>> {
    return this.read(agentStats, projectId, parameters);
  }

  /** Every agent, most tasks first unless sorted otherwise. */
  list(projectId: string, parameters: TableParameters<AgentRow> = {}): Promise<TableAnswer<AgentRow, AgentMeasures>> {
    return this.read(agentList, projectId, parameters);
  }

  /** All agents, or one, over time. */
  trends(
    projectId: string,
    parameters: TrendParameters & { readonly agent?: string | undefined } = {},
  ): Promise<TrendAnswer<AgentMeasures>> {
    return this.read(agentTrends, projectId, parameters);
  }

  /** One agent; no row when it did nothing in the range. */
  show(projectId: string, agent: string, parameters: RangeParameters = {}): Promise<RecordAnswer<AgentDetails>> {
    return this.read(agentShow, projectId, { ...parameters, agent });
  }
}
