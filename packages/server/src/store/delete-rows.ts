import { identifier, onCluster, render, type SqlFragment, sql } from './sql.js';
import type { Store } from './store.js';

/** Deleting writes masks over every part it touches; a large table takes its time. */
const DELETE_SECONDS_MAX = 600;

/**
 * Deletes the rows of a table that meet a condition; resolves when no query sees them any more. The bytes go with the
 * next merge of their parts.
 *
 * @param condition over the table's own columns
 */
export async function deleteRows(store: Store, table: string, condition: SqlFragment): Promise<void> {
  const target = store.topology === 'cluster' ? sql`${identifier(`${table}_local`)} ${onCluster(store.cluster)}` : identifier(table);
  await store.command(render(sql`DELETE FROM ${target} WHERE ${condition} SETTINGS lightweight_deletes_sync = 2`), {
    seconds: DELETE_SECONDS_MAX,
  });
}
