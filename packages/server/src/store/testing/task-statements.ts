import * as fc from 'fast-check';
import type { StoredRow } from '../store.js';

/** One statement about a task, as `agent_task_states` takes it: texts behind their ranks. */
export type TaskStatementRow = Readonly<{
  received_at: string;
  timestamp: string;
  started_at: string | null;
  completed_at: string | null;
  status: string;
  agent: string;
  error_message: string;
  properties: Readonly<Record<string, string>>;
}>;

// Few values, so that times and ranks are often equal: there the order could matter.
const time = fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_005 }).map((ms) => new Date(ms).toISOString());
const ranked = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom('', 'a', 'b', "c'")).map(([rank, text]) => behindRank(rank, text));
const status = fc
  .tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 3 }), fc.constantFrom('working', 'completed', 'failed'))
  .map(([closed, rank, text]) => `${closed}${behindRank(rank, text)}`);

function behindRank(rank: number, text: string): string {
  return `${String(rank).padStart(16, '0')}${text}`;
}

export const taskStatements: fc.Arbitrary<TaskStatementRow[]> = fc.array(
  fc.record({
    received_at: time,
    timestamp: time,
    started_at: fc.option(time),
    completed_at: fc.option(time),
    status,
    agent: ranked,
    error_message: ranked,
    properties: fc.dictionary(fc.constantFrom('x', 'y'), ranked),
  }),
  { minLength: 1, maxLength: 5 },
);

/** What `merged_agent_tasks` must say of a task after these statements: the largest of each column, the smallest of starts. */
export function expectedTask(statements: readonly TaskStatementRow[]): StoredRow {
  const texts = (values: readonly (string | null)[]): string[] => values.filter((value) => value !== null).sort();
  const timestamp = texts(statements.map((each) => each.timestamp))[0] ?? '';
  const startedAt = texts(statements.map((each) => each.started_at))[0] ?? timestamp;
  const completedAt = texts(statements.map((each) => each.completed_at)).at(-1) ?? null;
  const names = [...new Set(statements.flatMap((each) => Object.keys(each.properties)))].sort();
  return {
    received_at: texts(statements.map((each) => each.received_at)).at(-1),
    started_at: startedAt,
    completed_at: completedAt,
    duration_ms: completedAt === null ? null : String(Date.parse(completedAt) - Date.parse(startedAt)),
    status: highest(
      statements.map((each) => each.status),
      17,
    ),
    agent: highest(statements.map((each) => each.agent)),
    error_message: highest(statements.map((each) => each.error_message)),
    properties: Object.fromEntries(
      names.map((name) => [
        name,
        highest(statements.flatMap((each) => (each.properties[name] === undefined ? [] : [each.properties[name]]))),
      ]),
    ),
  };
}

/** The text behind the highest rank. */
function highest(values: readonly string[], rankLength = 16): string | undefined {
  return values
    .toSorted((a, b) => (a < b ? -1 : 1))
    .at(-1)
    ?.slice(rankLength);
}
