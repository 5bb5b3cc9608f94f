import { sql } from '../../store/sql.js';
import { measure } from './measure.js';

const INPUT_TOKENS = sql`request.input_tokens + request.cache_read_tokens + request.cache_write_tokens`;
/** One aggregate for all levels: the engine keeps and sorts the values once. Interpolated like PERCENTILE_CONT of standard SQL. */
const LATENCY = sql`quantilesExactInclusive(0.5, 0.95, 0.99)(request.latency_ms)`;

/** Measures of model calls, in the order they are shown. */
export const REQUEST_MEASURES = {
  requests: measure('requests', 'integer', null, 'Model calls', sql`count()`),
  cost: measure(
    'cost',
    'money',
    null,
    'Exact cost of the priced requests; null when there are requests and none is priced',
    // Unpriced is not free: only a period without any request is known to cost nothing.
    sql`if(count() > 0 AND count(request.cost) = 0, NULL, ifNull(sum(request.cost), toDecimal128(0, 12)))`,
  ),
  unpriced_requests: measure(
    'unpriced_requests',
    'integer',
    null,
    'Requests without a price, not in the cost; see costs unpriced',
    sql`countIf(request.cost IS NULL)`,
  ),
  input_tokens: measure(
    'input_tokens',
    'integer',
    'tokens',
    'Input tokens neither read from nor written to a cache',
    sql`sum(request.input_tokens)`,
  ),
  cache_read_tokens: measure(
    'cache_read_tokens',
    'integer',
    'tokens',
    'Input tokens read from a cache',
    sql`sum(request.cache_read_tokens)`,
  ),
  cache_write_tokens: measure(
    'cache_write_tokens',
    'integer',
    'tokens',
    'Input tokens written to a cache',
    sql`sum(request.cache_write_tokens)`,
  ),
  output_tokens: measure('output_tokens', 'integer', 'tokens', 'Output tokens, reasoning included', sql`sum(request.output_tokens)`),
  reasoning_tokens: measure(
    'reasoning_tokens',
    'integer',
    'tokens',
    'The part of the output tokens spent on reasoning',
    sql`sum(request.reasoning_tokens)`,
  ),
  total_tokens: measure(
    'total_tokens',
    'integer',
    'tokens',
    'Input, cache read, cache write and output together',
    sql`sum(${INPUT_TOKENS} + request.output_tokens)`,
  ),
  cache_hit_rate: measure(
    'cache_hit_rate',
    'ratio',
    null,
    'Cache read tokens / all input tokens; null without input tokens',
    sql`if(sum(${INPUT_TOKENS}) = 0, NULL, sum(request.cache_read_tokens) / sum(${INPUT_TOKENS}))`,
  ),
  cache_hits: measure('cache_hits', 'integer', null, 'Requests that read from a cache', sql`countIf(request.cache_read_tokens > 0)`),
  failed_requests: measure(
    'failed_requests',
    'integer',
    null,
    'Requests that failed or timed out',
    sql`countIf(request.status != 'success')`,
  ),
  error_rate: measure(
    'error_rate',
    'ratio',
    null,
    'Failed requests / requests; null without requests',
    sql`if(count() = 0, NULL, countIf(request.status != 'success') / count())`,
  ),
  average_latency_ms: measure(
    'average_latency_ms',
    'number',
    'ms',
    'Mean time from request to the end of the answer, of the requests that reported one',
    sql`avg(request.latency_ms)`,
  ),
  p50_latency_ms: measure('p50_latency_ms', 'number', 'ms', 'Median latency', sql`${LATENCY}[1]`),
  p95_latency_ms: measure('p95_latency_ms', 'number', 'ms', '95th percentile of the latency', sql`${LATENCY}[2]`),
  p99_latency_ms: measure('p99_latency_ms', 'number', 'ms', '99th percentile of the latency', sql`${LATENCY}[3]`),
  average_time_to_first_token_ms: measure(
    'average_time_to_first_token_ms',
    'number',
    'ms',
    'Mean time to the first token, of the requests that reported one',
    sql`avg(request.time_to_first_token_ms)`,
  ),
} as const;

/** What was spent: the measures of a breakdown of cost. */
export const SPENDING = [
  REQUEST_MEASURES.requests,
  REQUEST_MEASURES.cost,
  REQUEST_MEASURES.unpriced_requests,
  REQUEST_MEASURES.input_tokens,
  REQUEST_MEASURES.cache_read_tokens,
  REQUEST_MEASURES.cache_write_tokens,
  REQUEST_MEASURES.output_tokens,
  REQUEST_MEASURES.reasoning_tokens,
  REQUEST_MEASURES.total_tokens,
] as const;

/** How the calls went: counts, errors, times. */
export const PERFORMANCE = [
  REQUEST_MEASURES.cache_hit_rate,
  REQUEST_MEASURES.cache_hits,
  REQUEST_MEASURES.failed_requests,
  REQUEST_MEASURES.error_rate,
  REQUEST_MEASURES.average_latency_ms,
  REQUEST_MEASURES.p50_latency_ms,
  REQUEST_MEASURES.p95_latency_ms,
  REQUEST_MEASURES.p99_latency_ms,
  REQUEST_MEASURES.average_time_to_first_token_ms,
] as const;
