import type { Product } from '../../product.js';
import { render, sql } from '../../store/sql.js';
import type { StoredRow } from '../../store/store.js';
import { type JudgedVisit, startOf } from './traffic-oracle.js';
import { type SeededVisit, TRAFFIC_SINCE, TRAFFIC_UNTIL } from './traffic-seed.js';

/** The range of the tests as parameters of a report. */
export const TRAFFIC_RANGE = { since: new Date(TRAFFIC_SINCE).toISOString(), until: new Date(TRAFFIC_UNTIL).toISOString() };

/** The seeded visits with the class, verdict and origin that the product stored for each, which other tests check. */
export async function judgeVisits({ store, snapshots }: Product, visits: readonly SeededVisit[]): Promise<JudgedVisit[]> {
  await snapshots.refresh();
  const rows = await store.query(render(sql`SELECT * FROM user_sessions FINAL WHERE project_id = 'default'`));
  const stored = new Map<unknown, StoredRow>(rows.map((row) => [row['session_id'], row]));
  return visits.map((visit) => {
    const row = stored.get(visit.session) ?? {};
    return { ...visit, startMs: startOf(visit), trafficClass: String(row['traffic_class'] ?? ''), stored: row };
  });
}
