import { AnalyticsError } from '@systemprompt-analytics/core';
import { type ApiClient, isRecord } from './api-client.js';
import { formatInteger } from './format-value.js';

/** Sessions that started in a range of times, ISO 8601; `until` is not part of it. */
export interface SessionRange {
  readonly project: string | undefined;
  readonly since: string;
  readonly until: string;
}

/**
 * Has the server judge the sessions of a range anew, slice by slice, and says how far it came.
 *
 * @returns how many sessions were judged
 * @throws ServerProblem when the key does not allow it
 */
export async function rescoreRange(client: ApiClient, range: SessionRange, say: (line: string) => void): Promise<number> {
  let rescored = 0;
  for (let after: string | undefined = ''; after !== undefined; ) {
    const body = { since: range.since, until: range.until, after: after === '' ? undefined : after };
    const answer = await client.postJson('/v1/bots/rescore', body, { project_id: range.project });
    const count = isRecord(answer) ? answer['rescored'] : undefined;
    if (!isRecord(answer) || typeof count !== 'number') {
      throw new AnalyticsError('internal', 'The answer does not count sessions; are the server and this CLI of the same version?');
    }
    rescored += count;
    after = typeof answer['next'] === 'string' ? answer['next'] : undefined;
    if (after !== undefined) say(`${formatInteger(rescored)} sessions judged anew so far.`);
  }
  return rescored;
}
