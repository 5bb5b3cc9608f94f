import { CALL_STATUSES } from '@systemprompt-analytics/core';
import { type TSchema, Type } from '@sinclair/typebox';
import { bind, type SqlFragment, sql } from '../../store/sql.js';
import type { ParameterValues } from '../definition.js';

/** Longest name or id that can be stored at all, so that none is refused that exists. */
export const NAME_LENGTH_MAX = 65_536;

/** Parameter that takes a name or id as it was sent. */
export function nameParameter(description: string): TSchema {
  return Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX, description });
}

/** Parameters that narrow the model calls of a report. */
export const REQUEST_FILTERS = {
  model: nameParameter('Only calls of this model'),
  provider: nameParameter('Only calls of this provider'),
  agent: nameParameter('Only calls of this agent'),
  status: Type.Union(
    CALL_STATUSES.map((status) => Type.Literal(status)),
    { description: 'Only calls that ended so' },
  ),
  session: nameParameter('Only calls of this session id'),
  user: nameParameter('Only calls of this user id'),
  task: nameParameter('Only calls of this task id'),
  trace: nameParameter('Only calls of this trace id'),
} satisfies Record<string, TSchema>;

const COLUMNS: Readonly<Record<string, SqlFragment>> = {
  model: sql`request.model`,
  provider: sql`request.provider`,
  agent: sql`request.agent`,
  status: sql`request.status`,
  session: sql`request.session_id`,
  user: sql`request.user_id`,
  task: sql`request.task_id`,
  trace: sql`request.trace_id`,
  tool: sql`request.tool`,
};

/** ` AND ...` of the filters that were given; reports about one agent or tool narrow their calls by the same parameter. */
export function requestFilter(parameters: ParameterValues): SqlFragment {
  let filter = sql``;
  for (const [name, column] of Object.entries(COLUMNS)) {
    const value = parameters[name];
    if (value !== undefined) filter = sql`${filter} AND ${column} = ${bind.string(String(value))}`;
  }
  return filter;
}
