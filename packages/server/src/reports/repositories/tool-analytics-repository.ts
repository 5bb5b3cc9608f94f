import { toolList } from '../tools/list.js';
import { toolShow } from '../tools/show.js';
import { toolStats } from '../tools/stats.js';
import { toolTrends } from '../tools/trends.js';
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

/** What is counted of tools; calls and cost are those of the model calls made inside them. */
export interface ToolMeasures extends RequestCosts {
  readonly executions: number;
  readonly successful_executions: number;
  readonly failed_executions: number;
  readonly timeout_executions: number;
  readonly success_rate: number | null;
  readonly average_duration_ms: number | null;
  readonly p50_duration_ms: number | null;
  readonly p95_duration_ms: number | null;
  readonly p99_duration_ms: number | null;
}

/** All tools together. */
export interface ToolStats extends ToolMeasures {
  readonly tools: number;
  /** MCP servers that offered them. */
  readonly servers: number;
}

/** One tool. */
export interface ToolRow extends ToolMeasures {
  readonly tool: string | null;
}

interface ToolShare {
  readonly executions: number;
  readonly success_rate: number | null;
}

/** One tool with who executed it and why it failed, the most frequent first. */
export interface ToolDetails extends ToolRow {
  readonly top_servers: readonly (ToolShare & { readonly server: string | null })[];
  readonly top_agents: readonly (ToolShare & { readonly agent: string | null })[];
  readonly top_errors: readonly {
    readonly error_type: string | null;
    readonly executions: number;
    readonly latest_message: string | null;
  }[];
  /** Executions by the hour of the day, in the time zone of the project. */
  readonly hours: readonly { readonly hour: number; readonly executions: number }[];
}

/**
 * What tools did, how long they took and what they cost: the reports `tools ...`.
 *
 * @example
 * const tools = new ToolAnalyticsRepository(product);
 * const { rows } = await tools.list('default', { sortBy: 'p95_duration_ms' });
 */
export class ToolAnalyticsRepository extends ReportRepository {
  /** All tools together. */
  stats(projectId: string, parameters: RangeParameters = {}): Promise<RecordAnswer<ToolStats>> {
    return this.read(toolStats, projectId, parameters);
  }

  /** Every tool, most executions first unless sorted otherwise. */
  list(projectId: string, parameters: TableParameters<ToolRow> = {}): Promise<TableAnswer<ToolRow, ToolMeasures>> {
    return this.read(toolList, projectId, parameters);
  }

  /** All tools, or one, over time. */
  trends(projectId: string, parameters: TrendParameters & { readonly tool?: string | undefined } = {}): Promise<TrendAnswer<ToolMeasures>> {
    return this.read(toolTrends, projectId, parameters);
  }

  /** One tool; no row when it was not used in the range. */
  show(projectId: string, tool: string, parameters: RangeParameters = {}): Promise<RecordAnswer<ToolDetails>> {
    return this.read(toolShow, projectId, { ...parameters, tool });
  }
}
