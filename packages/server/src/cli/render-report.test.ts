import { describe, expect, it } from 'vitest';
import { renderReport } from './render-report.js';
import { readReportAnswer } from './report-answer.js';
import { createPaint, type View } from './terminal.js';
import { BREAKDOWN_ANSWER } from './testing/run-cli.js';

const FRAME = { title: 'A report', serverUrl: 'http://127.0.0.1:4318' };
const PIPE: View = { columns: undefined, paint: createPaint(false) };
const column = (name: string, type: string, unit: string | null = null) => ({ name, type, unit, description: '' });
const render = (answer: object, view = PIPE): string[] =>
  renderReport(readReportAnswer({ ...BREAKDOWN_ANSWER, ...answer }), FRAME, view).split('\n');

describe('a table', () => {
  it('shows exact dollars instead of microdollars, with totals', () => {
    expect(render({})).toEqual([
      'A report',
      '2026-03-01 00:00 to 2026-03-02 00:00 (UTC) · project default',
      '',
      'model  requests  cost_usd',
      'small        12      $1.5',
      '─────────────────────────',
      'total        12      $1.5',
      '',
    ]);
  });

  it('keeps microdollars where no dollars stand for them', () => {
    const answer = { columns: [column('cost_microdollars', 'microdollars', 'microdollars')], totals: null };
    expect(render(answer).slice(3)).toEqual(['cost_microdollars', '        1,500,000', '']);
  });

  it('says units the names do not say, the time zone, and how to see more', () => {
    const answer = {
      time_zone: 'Europe/Berlin',
      columns: [column('started_at', 'timestamp'), column('duration', 'number', 'ms'), column('error_rate', 'ratio', 'ratio')],
      rows: [{ started_at: '2026-03-01T00:00:00Z', duration: 12.34, error_rate: 0.5 }],
      totals: null,
      truncated: true,
      notes: ['Costs of 3 requests are unknown.'],
    };
    expect(render(answer).slice(3)).toEqual([
      'started_at (Europe/Berlin)  duration (ms)  error_rate',
      '2026-03-01 01:00                     12.3      50.0 %',
      '',
      'Only the first 1 rows are shown; a --limit above 1 shows more.',
      '',
      'note: Costs of 3 requests are unknown.',
      '',
    ]);
  });

  it('says where nothing was found and what to do', () => {
    const lines = render({ rows: [], totals: null, parameters: { by: 'model', limit: 50, agent: 'planner', trace: null } });
    expect(lines.slice(3)).toEqual([
      'Nothing was found from 2026-03-01 00:00 to 2026-03-02 00:00 (UTC) in project default with by model, agent planner.',
      'Widen the range, for example with --since 30d, or send telemetry: OpenTelemetry traces to http://127.0.0.1:4318/v1/traces, events to http://127.0.0.1:4318/v1/events.',
      '',
    ]);
  });

  it('does not obey escape sequences in what senders wrote', () => {
    expect(render({ rows: [{ model: '\u001b]0;owned\u0007', requests: 1 }], notes: ['\u001b[2J'] }).join('\n')).not.toContain('\u001b');
  });
});

describe('a record', () => {
  it('stands vertically with units and changes', () => {
    const answer = {
      shape: 'record',
      totals: null,
      columns: [
        column('agent', 'string'),
        column('requests', 'integer'),
        column('previous_requests', 'integer'),
        column('cost_microdollars', 'microdollars'),
        column('cost_usd', 'usd', 'usd'),
        column('cost_change_ratio', 'ratio'),
        column('average_latency_ms', 'number', 'ms'),
        column('error_rate', 'ratio'),
        column('error_rate_change_ratio', 'ratio'),
        column('first_seen', 'timestamp'),
      ],
      rows: [
        {
          agent: 'planner',
          requests: '1120',
          previous_requests: 1000,
          cost_microdollars: 1,
          cost_usd: '0.000001',
          cost_change_ratio: -0.25,
          average_latency_ms: null,
          error_rate: 0.5,
          error_rate_change_ratio: null,
          first_seen: '2026-02-01T10:20:30Z',
        },
      ],
    };
    expect(render(answer).slice(3)).toEqual([
      'agent               planner',
      'requests                1,120  ▲ 12 %  before: 1,000',
      'cost_usd            $0.000001  ▼ 25 %',
      'average_latency_ms          -',
      'error_rate             50.0 %',
      'first_seen          2026-02-01 10:20:30 UTC',
      '',
    ]);
  });

  it('has no change from nothing, and keeps companions without a column of their own', () => {
    const answer = {
      shape: 'record',
      totals: null,
      columns: [column('requests', 'integer', 'calls'), column('previous_requests', 'integer'), column('mood_change_ratio', 'ratio')],
      rows: [{ requests: 5, previous_requests: 0, mood_change_ratio: 0.5 }],
    };
    expect(render(answer).slice(3)).toEqual(['requests                5 calls  before: 0', 'mood_change_ratio  50.0 %', '']);
  });
});

describe('a trend', () => {
  const answer = {
    shape: 'trend',
    totals: null,
    columns: [
      column('time', 'timestamp'),
      column('requests', 'integer'),
      column('cost_usd', 'usd', 'usd'),
      column('p95_latency_ms', 'number', 'ms'),
    ],
    rows: [
      { time: '2026-03-01T00:00:00Z', requests: 0, cost_usd: '0', p95_latency_ms: null },
      { time: '2026-03-02T00:00:00Z', requests: '7', cost_usd: '0.000000000001', p95_latency_ms: 20 },
      { time: '2026-03-03T00:00:00Z', requests: 1400, cost_usd: '3', p95_latency_ms: 10 },
    ],
  };

  it('draws a line per number with its range above the table', () => {
    expect(render(answer).slice(3)).toEqual([
      'requests        ▁▁█  0 – 1,400',
      'cost_usd        ▁▁█  $0 – $3',
      'p95_latency_ms   █▁  10.0 – 20.0 ms',
      '',
      'time (UTC)  requests         cost_usd  p95_latency_ms',
      '2026-03-01         0  $0                            -',
      '2026-03-02         7  $0.000000000001            20.0',
      '2026-03-03     1,400  $3                         10.0',
      '',
    ]);
  });

  it('draws no line through several series', () => {
    const rows = [answer.rows[0], { ...answer.rows[1], time: '2026-03-01T00:00:00Z' }];
    expect(render({ ...answer, rows })[3]).toBe('time (UTC)  requests         cost_usd  p95_latency_ms');
  });

  it('fits its lines to the terminal', () => {
    const rows = Array.from({ length: 168 }, (_, hour) => ({ time: new Date(Date.UTC(2026, 2, 1, hour)).toISOString(), requests: hour }));
    const line = render({ ...answer, columns: answer.columns.slice(0, 2), rows }, { columns: 60, paint: createPaint(false) })[3] ?? '';
    expect(line.length).toBe(60);
    expect(line).toMatch(/^requests {2}[▁-█]+ {2}0 – 167$/);
  });
});

it.each([[null], [[]], [{}], [{ columns: [] }], ['text']])('%j is no report', (value) => {
  expect(() => readReportAnswer(value)).toThrow(/same version/);
});

it('shows times in UTC when the time zone is not known here', () => {
  expect(render({ time_zone: 'Mars/Olympus' })[1]).toContain('(UTC)');
});
