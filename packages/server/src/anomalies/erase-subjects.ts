import { deleteRows } from '../store/delete-rows.js';
import { bind, identifier, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';

/** People of a project, by the names under which they are known. */
export interface AnomalySubjects {
  readonly userIds: readonly string[];
  /** Fingerprints, or cookieless hashes. */
  readonly visitorIds: readonly string[];
}

/** Names per statement, so that one statement stays small. */
const NAMES_PER_STATEMENT = 5_000;

/** Deletes what the tables of this folder hold about people; gives the number of rows by table. */
export async function eraseSubjects(
  store: Store,
  projectId: string,
  { userIds, visitorIds }: AnomalySubjects,
): Promise<Readonly<Record<'anomalies' | 'metric_history', number>>> {
  const erased = { anomalies: 0, metric_history: 0 };
  for (const table of ['anomalies', 'metric_history'] as const) {
    for (const [dimension, names] of [
      ['user', userIds],
      ['fingerprint', visitorIds],
    ] as const) {
      for (let start = 0; start < names.length; start += NAMES_PER_STATEMENT) {
        const part = names.slice(start, start + NAMES_PER_STATEMENT);
        const condition = sql`project_id = ${bind.string(projectId)} AND dimension = ${bind.string(dimension)} AND dimension_value IN ${bind.strings(part)}`;
        const [found] = await store.query<{ count: string }>(
          render(sql`SELECT count() AS count FROM ${identifier(table)} WHERE ${condition}`),
        );
        const count = Number(found?.count ?? 0);
        if (count > 0) await deleteRows(store, table, condition);
        erased[table] += count;
      }
    }
  }
  return erased;
}
