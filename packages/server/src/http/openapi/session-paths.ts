import { SESSION_SOURCES, THROTTLE_LEVELS, TRAFFIC_CLASSES } from '@systemprompt-analytics/core';
import type { Json } from './json.js';
import { FAILS, failures, jsonAnswer, jsonBody, PROJECT_PARAMETER, pathParameter } from './operations.js';
import { choice, choiceOrNull, count, given, named, numberOf, object, text, textOrNull, time, timeOrNull } from './schemas.js';

const SESSION_PARAMETER = pathParameter('session_id', 'Its session id', 'visit-1');
const FAILURES = failures(FAILS.query, FAILS.admission, ['unknown_session'], FAILS.store);

/** `/v1/sessions`. */
export function sessionPaths(): Json {
  return {
    '/v1/sessions': {
      post: {
        tags: ['sessions'],
        operationId: 'createSession',
        summary: 'Open a session',
        description: 'For senders that speak for others, with a secret or admin key. Sessions of web clients are found without it.',
        parameters: [PROJECT_PARAMETER],
        requestBody: jsonBody(
          given({
            session_id: text('Made when absent'),
            user_id: text('The known user, if there is one'),
            fingerprint: text('What stands for the visitor'),
            source: { ...choice(SESSION_SOURCES, 'Where the session came about'), default: 'unknown' },
          }),
          { session_id: 'visit-1', fingerprint: 'browser-7f3a', source: 'web' },
          false,
        ),
        responses: {
          '201': jsonAnswer('The session', named('Session'), SESSION_EXAMPLE),
          ...failures(['conflict', 'too_long'], FAILS.fields, FAILS.query, FAILS.body, FAILS.admission, FAILS.store),
        },
      },
    },
    '/v1/sessions/backfill': {
      post: {
        tags: ['sessions'],
        operationId: 'backfillSessions',
        summary: 'Compute anew where the visitors of stored sessions came from',
        description:
          "For admin keys; with the databases and lists of the running server. A slice of the sessions that started in the range is computed by each call; send the same body again with the answer's next as after until next is null.",
        parameters: [PROJECT_PARAMETER],
        requestBody: jsonBody(
          given(
            {
              since: text('Start of the range, included: ISO 8601, or a span before until such as 30d'),
              until: text('End of the range, not included: ISO 8601, or a span before now'),
              after: textOrNull('The next of the answer before; left out in the first request'),
            },
            ['since', 'until'],
          ),
          { since: '2026-03-01', until: '2026-03-03' },
        ),
        responses: {
          '200': jsonAnswer(
            'How many were computed, and where to go on',
            object({
              refilled: count('Sessions whose origin was computed anew by this call'),
              changed: count('Those of them of which something else is stored now'),
              next: textOrNull('The session to go on after; null when all are done'),
            }),
            { refilled: 2, changed: 0, next: null },
          ),
          ...failures(['missing_field', 'invalid_parameter'], FAILS.fields, FAILS.query, FAILS.body, FAILS.admission, FAILS.store),
        },
      },
    },
    '/v1/sessions/{session_id}': {
      get: {
        tags: ['sessions'],
        operationId: 'getSession',
        summary: 'One session with everything acknowledged so far',
        parameters: [SESSION_PARAMETER, PROJECT_PARAMETER],
        responses: { '200': jsonAnswer('The session', named('Session'), SESSION_EXAMPLE), ...FAILURES },
      },
    },
    '/v1/sessions/{session_id}/touch': {
      post: {
        tags: ['sessions'],
        operationId: 'touchSession',
        summary: 'Keep a session alive',
        parameters: [SESSION_PARAMETER, PROJECT_PARAMETER],
        responses: { '204': { description: 'Noted' }, ...FAILURES },
      },
    },
    '/v1/sessions/{session_id}/end': {
      post: {
        tags: ['sessions'],
        operationId: 'endSession',
        summary: 'End a session',
        description: 'Later events of its visitor that name no session belong to another one.',
        parameters: [SESSION_PARAMETER, PROJECT_PARAMETER],
        responses: {
          '200': jsonAnswer('The session', named('Session'), {
            ...SESSION_EXAMPLE,
            user_id: 'ada',
            ended_at: '2026-03-02T12:00:00.000Z',
            converted_at: '2026-03-02T12:00:00.000Z',
          }),
          ...FAILURES,
        },
      },
    },
    '/v1/sessions/{session_id}/convert': {
      post: {
        tags: ['sessions'],
        operationId: 'convertSession',
        summary: 'Note that the visitor of a session reached a goal',
        parameters: [SESSION_PARAMETER, PROJECT_PARAMETER],
        responses: {
          '200': jsonAnswer('The session', named('Session'), { ...SESSION_EXAMPLE, converted_at: '2026-03-02T12:00:00.000Z' }),
          ...FAILURES,
        },
      },
    },
    '/v1/sessions/{session_id}/user': {
      post: {
        tags: ['sessions'],
        operationId: 'giveSession',
        summary: 'Give an anonymous session to the user it turned out to be of',
        parameters: [SESSION_PARAMETER, PROJECT_PARAMETER],
        requestBody: jsonBody(given({ user_id: text('The known user') }, ['user_id']), { user_id: 'ada' }),
        responses: {
          '200': jsonAnswer('The session', named('Session'), {
            ...SESSION_EXAMPLE,
            user_id: 'ada',
            converted_at: '2026-03-02T12:00:00.000Z',
          }),
          ...failures(
            ['missing_field', 'unknown_session', 'too_long'],
            FAILS.fields,
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

const UNKNOWN_CLIENT: Json = {
  device_type: null,
  browser: null,
  os: null,
  country: null,
  locale: null,
  referrer_host: null,
  referrer_source: null,
  channel: null,
  entry_url: null,
  landing_page: null,
};

const SESSION_EXAMPLE: Json = {
  session_id: 'visit-1',
  user_id: null,
  visitor_id: 'browser-7f3a',
  source: 'web',
  started_at: '2026-03-02T12:00:00.000Z',
  last_activity_at: '2026-03-02T12:00:00.000Z',
  ended_at: null,
  converted_at: null,
  ...UNKNOWN_CLIENT,
  events: 0,
  page_views: 0,
  http_requests: 0,
  ai_requests: 0,
  tool_executions: 0,
  tasks: 0,
  messages: 0,
  conversions: 0,
  tokens: 0,
  cost_microdollars: 0,
  cost_usd: '0',
  unpriced_requests: 0,
  errors: 0,
  traffic_class: null,
  behavioral_bot_score: 0,
  layered_score: 0,
  throttle_level: 'normal',
};

/** A session with everything that happened in it so far. */
export const SESSION: Json = object({
  session_id: text('Its id'),
  user_id: textOrNull('The latest known user; null for an anonymous session'),
  visitor_id: textOrNull('The fingerprint or the cookieless hash of the day; null when nobody knows'),
  source: choice(SESSION_SOURCES, 'Where it came about'),
  started_at: time('Its first event, or when it was opened'),
  last_activity_at: time('Its last event, engagement or touch'),
  ended_at: timeOrNull('When it was ended; null while it goes on'),
  converted_at: timeOrNull('When its visitor first reached a goal'),
  device_type: textOrNull('desktop, mobile, tablet, tv or bot, as its first event says'),
  browser: textOrNull('Name of the browser'),
  os: textOrNull('Operating system with its version'),
  country: textOrNull('ISO 3166-1 code of the country'),
  locale: textOrNull('First language that the browser asks for'),
  referrer_host: textOrNull('Host of the other site that the visitor came from'),
  referrer_source: textOrNull('Name of that site, search engine or assistant'),
  channel: textOrNull('Direct, Organic Search, AI Assistant, Referral, ...'),
  entry_url: textOrNull('Address of the first page view, as it is stored'),
  landing_page: textOrNull('Its path'),
  events: count('Records of every kind but engagement'),
  page_views: count('Page views'),
  http_requests: count('Requests that a web server answered and that are no page views'),
  ai_requests: count('Model calls, repeated ones left out'),
  tool_executions: count('Tool executions'),
  tasks: count('Agent tasks'),
  messages: count('Messages'),
  conversions: count('Conversion events'),
  tokens: count('Input, cache and output tokens together'),
  cost_microdollars: count('Cost of the priced calls in microdollars, rounded half to even'),
  cost_usd: text('The same in dollars, exact, as a decimal'),
  unpriced_requests: count('Model calls without a price, not in the cost'),
  errors: count('Model calls, tool executions and web requests that failed'),
  traffic_class: choiceOrNull(TRAFFIC_CLASSES, 'What its visitor is taken for; null without web traffic'),
  behavioral_bot_score: numberOf('Score of the seven signals'),
  layered_score: { type: 'number', minimum: 0, maximum: 100, description: 'Score of all layers, 0 to 100' },
  throttle_level: choice(
    THROTTLE_LEVELS.map(({ name }) => name),
    "How far its requests are slowed down at the moment: the higher one of its own level and its visitor's",
  ),
});
