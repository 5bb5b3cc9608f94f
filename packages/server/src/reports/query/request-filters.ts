import { type TSchema, Type } from '@sinclair/typebox';
import { CALL_STATUSES } from '@systemprompt-analytics/core';

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
