import { describe, expect, it } from 'vitest';
import type { ObservedEvent } from '../live/observed-event.js';
import { observed, observedPage } from '../live/testing/observed.js';
import { LiveStatistics } from './live-statistics.js';
import type { Measurement } from './measurement.js';

const NOW_MS = Date.UTC(2026, 9, 5, 12);
const MINUTE_MS = 60_000;

function measured(events: readonly ObservedEvent[], statistics = new LiveStatistics({ storedIp: (ip) => ip })): Measurement[] {
  for (const event of events) statistics.add(event, NOW_MS);
  return statistics.measure(NOW_MS + MINUTE_MS, []);
}
const repeat = (count: number, event: Partial<ObservedEvent>): ObservedEvent[] =>
  Array.from({ length: count }, () => observed({ timestampMs: NOW_MS, ...event }));
const named = (measurements: readonly Measurement[]): string[] =>
  measurements.map(({ metric, dimension, dimensionValue, value }) => `${metric} ${dimension}:${dimensionValue} ${value}`).sort();

describe('what is measured', () => {
  it('of model calls', () => {
    const call = {
      agent: 'a',
      userId: 'u',
      tool: 't',
      model: 'm',
      costPicodollars: 2_000_000n,
      tokens: 50,
      visitorId: 'v',
      sessionId: 's',
      ip: '192.0.2.1',
    };
    expect(named(measured(repeat(20, call)))).toEqual([
      'cost_per_hour agent:a 40',
      'cost_per_hour model:m 40',
      'cost_per_hour project: 40',
      'cost_per_hour tool:t 40',
      'cost_per_hour user:u 40',
      'error_rate agent:a 0',
      'error_rate model:m 0',
      'error_rate project: 0',
      'requests_per_hour agent:a 20',
      'requests_per_hour project: 20',
      'requests_per_minute agent:a 20',
      // A model call is no request of a visitor.
      'requests_per_minute fingerprint:v 0',
      'requests_per_minute project: 20',
      'session_count_per_fingerprint fingerprint:v 1',
      'tokens_per_request model:m 50',
      'unique_ips_per_fingerprint fingerprint:v 1',
    ]);
  });

  it('of tool executions', () => {
    expect(named(measured(repeat(20, { type: 'tool_execution', model: '', tool: 't', failed: true })))).toEqual([
      'error_rate project: 1',
      'error_rate tool:t 1',
      'requests_per_hour project: 20',
      'requests_per_minute project: 20',
    ]);
  });

  it('of requests', () => {
    const pages = Array.from({ length: 3 }, () => observedPage({ timestampMs: NOW_MS, type: 'http_request', requestKind: 'other' }));
    expect(named(measured(pages))).toEqual([
      'requests_per_hour project: 3',
      'requests_per_minute fingerprint:v1 3',
      'requests_per_minute project: 3',
      'session_count_per_fingerprint fingerprint:v1 0',
      'unique_ips_per_fingerprint fingerprint:v1 0',
    ]);
  });

  it.each([
    ['a message', { type: 'message' }],
    ['a task', { type: 'agent_task', agent: 'a' }],
    ['a custom event', { type: 'signup' }],
    ['an asset', { type: 'http_request', requestKind: 'asset' }],
  ] as const)('of %s is nothing without a visitor', (_name, event) => {
    expect(measured(repeat(30, { model: '', ...event }))).toEqual([]);
  });

  it('is measured once', () => {
    const statistics = new LiveStatistics({ storedIp: (ip) => ip });
    expect(measured(repeat(20, { visitorId: 'v', costPicodollars: 1n }), statistics)).not.toEqual([]);
    expect(measured([], statistics)).toEqual([]);
    const again = statistics.measure(NOW_MS + 2 * MINUTE_MS, [{ projectId: 'default', dimension: 'fingerprint', dimensionValue: 'v' }]);
    expect(named(again)).toEqual([
      'requests_per_minute fingerprint:v 0',
      'session_count_per_fingerprint fingerprint:v 0',
      'unique_ips_per_fingerprint fingerprint:v 0',
    ]);
  });
});

describe('many names', () => {
  it('of users, visitors and paths push out neither agents nor models', () => {
    const statistics = new LiveStatistics({ storedIp: (ip) => ip });
    const events = Array.from({ length: 30_000 }, (_, index) =>
      index % 2 === 0
        ? observed({ timestampMs: NOW_MS, userId: `u${index}`, costPicodollars: 1_000_000n, agent: index === 0 ? 'first' : '' })
        : observedPage({ timestampMs: NOW_MS, visitorId: `v${index}`, path: `/${index}`, durationMs: 5 }),
    );
    const found = measured(events, statistics);
    const count = (metric: string, dimension: string): number =>
      found.filter((each) => each.metric === metric && each.dimension === dimension).length;
    expect(count('cost_per_hour', 'user')).toBeLessThanOrEqual(2000);
    expect(count('cost_per_hour', 'user')).toBeGreaterThanOrEqual(1000);
    expect(count('requests_per_minute', 'fingerprint')).toBeLessThanOrEqual(10_000);
    expect(named(found)).toEqual(
      expect.arrayContaining(['cost_per_hour agent:first 1', 'cost_per_hour model:small 15000', 'cost_per_hour project: 15000']),
    );
    expect(statistics.unsavedHours().length).toBeLessThan(2500);
  });

  it('are cut to 256 characters, without halves of characters', () => {
    const long = `${'x'.repeat(255)}\u{1f600}${'y'.repeat(1000)}`;
    const names = new Set(measured(repeat(1, { agent: long, costPicodollars: 1n })).map((each) => each.dimensionValue));
    expect(names).toEqual(new Set(['', 'small', `${'x'.repeat(255)}\ufffd`]));
  });
});
