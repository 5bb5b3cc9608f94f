import { Readable } from 'node:stream';
import type { CliInput, CliIo } from '../cli-context.js';
import { runProgram } from '../program.js';
import type { ReportDescription } from '../report-command.js';

/** Two reports, one of them with its group's name. */
export const BREAKDOWN: ReportDescription = {
  group: 'costs',
  name: 'breakdown',
  title: 'Cost breakdown',
  description: 'What each model cost.',
  path: '/v1/reports/costs/breakdown',
  parameters: [
    { name: 'by', type: 'enum', description: 'What to group by', default: 'model', values: ['model', 'agent'] },
    { name: 'since', type: 'time', description: 'Start of the range', default: '24h' },
    { name: 'sort_by', type: 'string', description: 'Column to sort by' },
    { name: 'limit', type: 'integer', description: 'Rows at most', default: '50' },
  ],
  columns: [{ name: 'requests', type: 'integer', unit: null, description: 'Model calls' }],
};
export const REPORTS: readonly ReportDescription[] = [
  BREAKDOWN,
  { ...BREAKDOWN, name: 'summary', title: 'Cost summary', path: '/v1/reports/costs/summary', parameters: [], columns: [] },
  { ...BREAKDOWN, group: 'overview', name: 'overview', title: 'Overview', path: '/v1/reports/overview', parameters: [] },
  { ...BREAKDOWN, group: 'sessions', name: 'live', title: 'Live sessions', path: '/v1/reports/sessions/live', parameters: [] },
  {
    ...BREAKDOWN,
    group: 'agents',
    name: 'show',
    title: 'One agent',
    path: '/v1/reports/agents/show',
    parameters: [
      { name: 'agent', type: 'string', description: 'Its name', required: true, positional: true },
      { name: 'group_by', type: 'enum', description: 'Bucket', values: ['hour', 'day'] },
    ],
  },
];

/** An answer of {@link BREAKDOWN}. */
export const BREAKDOWN_ANSWER = {
  report: 'costs.breakdown',
  project_id: 'default',
  since: '2026-03-01T00:00:00.000Z',
  until: '2026-03-02T00:00:00.000Z',
  time_zone: 'UTC',
  parameters: { by: 'model', limit: 50 },
  columns: [
    { name: 'model', type: 'string', unit: null, description: '' },
    { name: 'requests', type: 'integer', unit: null, description: '' },
    { name: 'cost_microdollars', type: 'microdollars', unit: 'microdollars', description: '' },
    { name: 'cost_usd', type: 'usd', unit: 'usd', description: '' },
  ],
  rows: [{ model: 'small', requests: 12, cost_microdollars: '1500000', cost_usd: '1.5' }],
  totals: { requests: 12, cost_microdollars: '1500000', cost_usd: '1.5' },
  truncated: false,
  shape: 'table',
  notes: [],
};

export interface CliOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds the CLI asked to wait; no time passes. */
  readonly waits: readonly number[];
}

/** What a test sets besides the arguments. */
export interface CliWorld {
  readonly environment?: CliIo['environment'];
  readonly defaultUrl?: string;
  readonly stdin?: CliInput;
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** Called instead of waiting, which is over when it is done. */
  readonly onWait?: (count: number) => void | Promise<void>;
  /** Milliseconds the clock moves on at each look. @default 0 */
  readonly clockStepMs?: number;
}

/** Runs the whole CLI in this process against whatever server the arguments name. */
export async function runCli(argv: readonly string[], world: CliWorld = {}): Promise<CliOutcome> {
  const text = { stdout: '', stderr: '' };
  const waits: number[] = [];
  let now = 0;
  const terminal = world.terminal === undefined ? {} : { isTTY: true, ...world.terminal };
  const output = (name: 'stdout' | 'stderr') => ({
    ...terminal,
    write: (part: string): void => {
      text[name] += part;
    },
  });
  const io: CliIo = {
    stdin: world.stdin ?? Readable.from([]),
    stdout: output('stdout'),
    stderr: output('stderr'),
    colour: { stdout: false, stderr: false },
    environment: world.environment ?? { dataFolder: '/nonexistent' },
    defaultUrl: world.defaultUrl ?? 'http://127.0.0.1:1',
    clock: () => {
      now += world.clockStepMs ?? 0;
      return now;
    },
    wait: async (milliseconds, signal) => {
      waits.push(milliseconds);
      now += milliseconds;
      await world.onWait?.(waits.length);
      signal?.throwIfAborted();
    },
  };
  const code = await runProgram(argv, io, REPORTS);
  return { code, ...text, waits };
}
