import { CLOSED_TASK_STATUSES, formatUsd, toMicrodollars } from '@systemprompt-analytics/core';
import type { SeededRecord, SeededRequest, SeededTask, SeededTool } from './report-seed.js';

/** Numbers of the reports, computed from the seeded records with plain loops, so that the SQL is checked by something unlike it. */
export type Facts = Record<string, unknown>;

export const requestsIn = (records: readonly SeededRecord[]): SeededRequest[] =>
  records.filter((record): record is SeededRequest => record.kind === 'request' && !record.duplicate);
export const toolsIn = (records: readonly SeededRecord[]): SeededTool[] =>
  records.filter((record): record is SeededTool => record.kind === 'tool');
export const tasksIn = (records: readonly SeededRecord[]): SeededTask[] =>
  records.filter((record): record is SeededTask => record.kind === 'task');

export function within<Record extends { readonly ms: number }>(records: readonly Record[], sinceMs: number, untilMs: number): Record[] {
  return records.filter((record) => record.ms >= sinceMs && record.ms < untilMs);
}

export function groupBy<Value>(values: readonly Value[], keyOf: (value: Value) => string): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return groups;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
export const mean = (values: readonly number[]): number | null => (values.length === 0 ? null : sum(values) / values.length);
const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
export const distinct = (values: readonly string[]): number => new Set(values.filter((value) => value !== '')).size;

/** Interpolated between the neighbouring ranks, like PERCENTILE_CONT of standard SQL. */
export function percentile(values: readonly number[], level: number): number | null {
  const sorted = [...values].sort((left, right) => left - right);
  if (sorted.length === 0) return null;
  const rank = level * (sorted.length - 1);
  const low = sorted[Math.floor(rank)] ?? 0;
  const high = sorted[Math.ceil(rank)] ?? 0;
  return low + (high - low) * (rank - Math.floor(rank));
}

/** Exact cost of some requests in picodollars; null when there are some and none is priced. */
export function costOf(requests: readonly SeededRequest[]): bigint | null {
  const priced = requests.map((request) => request.cost).filter((cost) => cost !== null);
  if (requests.length > 0 && priced.length === 0) return null;
  return priced.reduce((total, cost) => total + cost, 0n);
}

export function money(name: string, pico: bigint | null): Facts {
  return {
    [`${name}_microdollars`]: pico === null ? null : Number(toMicrodollars(pico)),
    [`${name}_usd`]: pico === null ? null : formatUsd(pico),
  };
}

export function spendingFacts(requests: readonly SeededRequest[]): Facts {
  const tokens = (kind: 'input' | 'cacheRead' | 'cacheWrite' | 'output' | 'reasoning'): number =>
    sum(requests.map((request) => request.tokens[kind]));
  return {
    requests: requests.length,
    ...money('cost', costOf(requests)),
    unpriced_requests: requests.filter((request) => request.cost === null).length,
    input_tokens: tokens('input'),
    cache_read_tokens: tokens('cacheRead'),
    cache_write_tokens: tokens('cacheWrite'),
    output_tokens: tokens('output'),
    reasoning_tokens: tokens('reasoning'),
    total_tokens: tokens('input') + tokens('cacheRead') + tokens('cacheWrite') + tokens('output'),
  };
}

export function performanceFacts(requests: readonly SeededRequest[]): Facts {
  const failed = requests.filter((request) => request.status !== 'success').length;
  const latencies = requests.map((request) => request.latencyMs).filter((value) => value !== null);
  const read = sum(requests.map((request) => request.tokens.cacheRead));
  const input = sum(requests.map((request) => request.tokens.input + request.tokens.cacheRead + request.tokens.cacheWrite));
  return {
    cache_hit_rate: share(read, input),
    cache_hits: requests.filter((request) => request.tokens.cacheRead > 0).length,
    failed_requests: failed,
    error_rate: share(failed, requests.length),
    average_latency_ms: mean(latencies),
    p50_latency_ms: percentile(latencies, 0.5),
    p95_latency_ms: percentile(latencies, 0.95),
    p99_latency_ms: percentile(latencies, 0.99),
    average_time_to_first_token_ms: mean(requests.map((request) => request.firstTokenMs).filter((value) => value !== null)),
  };
}

export function taskFacts(tasks: readonly SeededTask[]): Facts {
  const count = (...statuses: string[]): number => tasks.filter((task) => statuses.includes(task.status)).length;
  const durations = tasks.flatMap((task) => (task.endMs === null ? [] : [task.endMs - task.ms]));
  return {
    tasks: tasks.length,
    completed_tasks: count('completed'),
    failed_tasks: count('failed'),
    timeout_tasks: count('timeout'),
    canceled_tasks: count('canceled', 'rejected'),
    running_tasks: tasks.length - count(...CLOSED_TASK_STATUSES),
    success_rate: share(count('completed'), count(...CLOSED_TASK_STATUSES)),
    average_duration_ms: mean(durations),
    p50_duration_ms: percentile(durations, 0.5),
    p95_duration_ms: percentile(durations, 0.95),
    p99_duration_ms: percentile(durations, 0.99),
  };
}

export function toolFacts(executions: readonly SeededTool[]): Facts {
  const count = (status: string): number => executions.filter((execution) => execution.status === status).length;
  const durations = executions.map((execution) => execution.durationMs).filter((value) => value !== null);
  return {
    executions: executions.length,
    successful_executions: count('success'),
    failed_executions: count('failed'),
    timeout_executions: count('timeout'),
    success_rate: share(count('success'), executions.length),
    average_duration_ms: mean(durations),
    p50_duration_ms: percentile(durations, 0.5),
    p95_duration_ms: percentile(durations, 0.95),
    p99_duration_ms: percentile(durations, 0.99),
  };
}

/** One session with all its records, whenever they happened. */
export interface SeededSession {
  readonly id: string;
  readonly ms: number;
  readonly lastMs: number;
  readonly user: string;
  readonly records: readonly SeededRecord[];
}

export function sessionsIn(records: readonly SeededRecord[]): SeededSession[] {
  return [...groupBy(records, (record) => record.session)].flatMap(([id, members]) => {
    if (id === '') return [];
    const ordered = [...members].sort((left, right) => left.ms - right.ms);
    const users = ordered.map((record) => record.user).filter((user) => user !== '');
    return [{ id, ms: ordered[0]?.ms ?? 0, lastMs: ordered.at(-1)?.ms ?? 0, user: users.at(-1) ?? '', records: ordered }];
  });
}

export function sessionFacts(sessions: readonly SeededSession[]): Facts {
  const records = sessions.flatMap((session) => session.records);
  const durations = sessions.map((session) => session.lastMs - session.ms);
  const requests = requestsIn(records);
  return {
    sessions: sessions.length,
    users: distinct(sessions.map((session) => session.user)),
    average_duration_ms: mean(durations),
    p50_duration_ms: percentile(durations, 0.5),
    events: records.length,
    page_views: records.filter((record) => record.kind === 'page' && record.type === 'page_view').length,
    requests: requests.length,
    tool_executions: toolsIn(records).length,
    tasks: tasksIn(records).length,
    messages: records.filter((record) => record.kind === 'message').length,
    ...money('cost', costOf(requests)),
    unpriced_requests: requests.filter((request) => request.cost === null).length,
  };
}
