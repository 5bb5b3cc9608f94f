import type { CallStatus } from '@systemprompt-analytics/core';

/** Which model calls count; several filters narrow together. */
export interface RequestFilters {
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly agent?: string | undefined;
  readonly status?: CallStatus | undefined;
  /** Id of the session, user, task or trace. */
  readonly session?: string | undefined;
  readonly user?: string | undefined;
  readonly task?: string | undefined;
  readonly trace?: string | undefined;
}

/** An exact cost; null when there are calls and none is priced. */
export interface Cost {
  /** Rounded half to even. */
  readonly cost_microdollars: number | null;
  /** The exact decimal. */
  readonly cost_usd: string | null;
}

/** How many model calls there were, and what they cost. */
export interface RequestCosts extends Cost {
  readonly requests: number;
  /** Calls without a price, not in the cost. */
  readonly unpriced_requests: number;
}

/** What model calls cost, and the tokens that they used. */
export interface Spending extends RequestCosts {
  /** Input tokens neither read from nor written to a cache. */
  readonly input_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  /** Reasoning included. */
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
  readonly total_tokens: number;
}

/** How model calls went. Times in milliseconds, shares from 0 to 1, null when no call says. */
export interface RequestPerformance {
  readonly cache_hit_rate: number | null;
  readonly cache_hits: number;
  readonly failed_requests: number;
  readonly error_rate: number | null;
  readonly average_latency_ms: number | null;
  readonly p50_latency_ms: number | null;
  readonly p95_latency_ms: number | null;
  readonly p99_latency_ms: number | null;
  readonly average_time_to_first_token_ms: number | null;
}
