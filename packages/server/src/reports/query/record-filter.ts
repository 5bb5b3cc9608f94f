import { bind, type SqlFragment, sql } from '../../store/sql.js';
import type { ParameterValues } from '../definition.js';

/** ` AND column = value` for every parameter that was given and has a column. */
export function recordFilter(columns: Readonly<Record<string, SqlFragment>>, parameters: ParameterValues): SqlFragment {
  let filter = sql``;
  for (const [name, column] of Object.entries(columns)) {
    const value = parameters[name];
    if (value !== undefined) filter = sql`${filter} AND ${column} = ${bind.string(String(value))}`;
  }
  return filter;
}
