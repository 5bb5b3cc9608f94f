import { conversationList } from '../conversations/list.js';
import { conversationStats } from '../conversations/stats.js';
import { conversationTrends } from '../conversations/trends.js';
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

/** What is counted in conversations. */
export interface ConversationSums extends RequestCosts {
  readonly tasks: number;
  readonly messages: number;
  readonly total_tokens: number;
}

/** All conversations together. Averages are per conversation, null where there is none. */
export interface ConversationStats extends ConversationSums {
  readonly conversations: number;
  readonly average_tasks: number | null;
  readonly average_messages: number | null;
  readonly average_requests: number | null;
  readonly average_duration_ms: number | null;
  readonly average_cost_microdollars: number | null;
  readonly average_cost_usd: string | null;
}

/** What is counted of conversations, and when they were active, ISO 8601. */
export interface ConversationMeasures extends ConversationSums {
  readonly first_activity_at: string | null;
  readonly last_activity_at: string | null;
}

/** One conversation. */
export interface ConversationRow extends ConversationMeasures {
  readonly context_id: string | null;
}

/** The conversations of one bucket of time. */
export interface ConversationTrendRow extends ConversationSums {
  readonly conversations: number;
}

/**
 * Conversations over contexts, tasks and messages: the reports `conversations ...`.
 *
 * @example
 * const conversations = new ConversationAnalyticsRepository(product);
 * const { rows } = await conversations.list('default', { sortBy: 'cost_usd' });
 */
export class ConversationAnalyticsRepository extends ReportRepository {
  /** All conversations together. */
  stats(projectId: string, parameters: RangeParameters = {}): Promise<RecordAnswer<ConversationStats>> {
    return this.read(conversationStats, projectId, parameters);
  }

  /** Every conversation, the latest first unless sorted otherwise. */
  list(projectId: string, parameters: TableParameters<ConversationRow> = {}): Promise<TableAnswer<ConversationRow, ConversationMeasures>> {
    return this.read(conversationList, projectId, parameters);
  }

  /** Conversations over time; one counts in every bucket it was active in. */
  trends(projectId: string, parameters: TrendParameters = {}): Promise<TrendAnswer<ConversationTrendRow>> {
    return this.read(conversationTrends, projectId, parameters);
  }
}
