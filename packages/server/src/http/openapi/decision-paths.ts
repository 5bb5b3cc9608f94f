import { THROTTLE_LEVELS } from '@systemprompt-analytics/core';
import { DECISIONS_MAX } from '../../throttle/read-decision-requests.js';
import type { Json } from './json.js';
import { FAILS, failures, jsonAnswer, jsonBody, PROJECT_PARAMETER } from './operations.js';
import { boolean, choice, count, given, listOf, named, numberOf, object, text } from './schemas.js';

/** `POST /v1/decisions`. */
export function decisionPaths(): Json {
  const requests = { type: 'array', minItems: 1, maxItems: DECISIONS_MAX, items: named('DecisionRequest') };
  return {
    '/v1/decisions': {
      post: {
        tags: ['decisions'],
        operationId: 'decide',
        summary: 'May these requests pass?',
        description: `For servers that ask before they answer, with a secret or admin key. Each decision charges the limit of the visitor, or of the session where the visitor is not known, and tells nothing about the request: what was answered is told by the http_request or page_view that is sent afterwards. At most ${DECISIONS_MAX} requests at a time.`,
        parameters: [PROJECT_PARAMETER],
        requestBody: jsonBody(
          { oneOf: [given({ requests }, ['requests']), requests] },
          {
            requests: [
              { fingerprint: 'browser-7f3a', session_id: 'visit-1', path: '/pricing', method: 'GET' },
              { ip: 'localhost', path: '/' },
            ],
          },
        ),
        responses: {
          '200': jsonAnswer(
            'A decision for each request, in their order',
            object({
              decisions: listOf({ oneOf: [named('Decision'), { type: 'null' }] }, 'Null where the request was refused, see rejected'),
              rejected: listOf(
                object({
                  index: count('Position among the requests, from 0'),
                  code: text('Why, as an error code'),
                  path: text('The field at fault'),
                  message: text('The same in a sentence'),
                }),
                'Requests that cannot be read; the others are decided about',
              ),
            }),
            {
              decisions: [
                { level: 'normal', level_number: 0, allowed: true, limit: 60, remaining: 59, retry_after: 0, reason: '', bot_score: 0 },
                null,
              ],
              rejected: [{ index: 1, code: 'invalid_value', path: 'ip', message: 'ip is "localhost"; it is an IPv4 or IPv6 address.' }],
            },
          ),
          ...failures(
            ['invalid_json', 'unknown_field', 'missing_field', 'empty_body', 'batch_too_long'],
            FAILS.query,
            FAILS.body,
            FAILS.admission,
            FAILS.store,
          ),
        },
      },
    },
  };
}

/** A request to a site, as its server describes it. */
export const DECISION_REQUEST: Json = {
  ...given({
    ip: text("The client's whole address. Needed where neither session_id nor fingerprint says who is asking"),
    user_agent: text('As the client sent it'),
    url: text('Absolute http or https address that was asked for; this or path is needed, and only one of them'),
    path: text('The path alone, from "/" on'),
    method: { ...text('GET, HEAD, POST, ...'), default: 'GET' },
    status_code: {
      type: ['integer', 'null'],
      minimum: 100,
      maximum: 999,
      description: 'What is about to be answered, where that is known',
    },
    session_id: text('The session, where the server knows it'),
    fingerprint: text('What stands for the visitor, where the server knows it'),
    referrer: text('Where the client came from'),
    timestamp: {
      type: ['string', 'integer', 'null'],
      description: 'When the request came: ISO 8601 with its zone, or UTC milliseconds. Default now',
    },
  }),
  description: 'A request to a site, as its server describes it before answering; a field that is null counts as absent',
};

/** What to do with a request. */
export const DECISION: Json = object({
  level: choice(
    THROTTLE_LEVELS.map(({ name }) => name),
    "The higher level of the session's and its visitor's",
  ),
  level_number: { type: 'integer', minimum: 0, maximum: 3 },
  allowed: boolean('May it pass? No: answer it with 429'),
  limit: count('Requests per minute that the level allows'),
  remaining: count('How many of them are left'),
  retry_after: {
    type: ['integer', 'null'],
    minimum: 0,
    description: 'Seconds after which the next one may pass; 0 when this one may, null when only a person can end it',
  },
  reason: text('Why, as a sentence; empty when there is nothing to say'),
  bot_score: numberOf('Behavioural score of the session, this request not among its requests yet; 0 when the session is not in memory'),
});
