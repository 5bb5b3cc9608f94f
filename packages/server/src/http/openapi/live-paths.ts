import { LIVE_MESSAGE_TYPES } from '../../live/live-message.js';
import type { Json } from './json.js';
import { FAILS, failures, PROJECT_PARAMETER, queryParameter } from './operations.js';
import { boolean, choice, count, named, numberOf, numberOrNull, object, text, textOrNull, time } from './schemas.js';

/** `GET /v1/live`. */
export function livePaths(): Json {
  return {
    '/v1/live': {
      get: {
        tags: ['live'],
        operationId: 'live',
        summary: 'What happens now, as Server-Sent Events',
        description:
          'A stream of messages until one side ends it. The data of an event message is a LiveEvent, of an anomaly message a LiveAnomaly, of a session message a LiveSession, each in one line of JSON. Besides there are skipped ({"events": 800} or {"sessions": 800}: so many of one commit were left out), gap, dropped and closed ({"reason": "..."}), and a comment every 15 seconds. Of a project each server sends what it stored itself.',
        parameters: [
          queryParameter('types', `Messages that are wanted, separated by commas: ${LIVE_MESSAGE_TYPES.join(', ')}. Default all`, {
            type: 'string',
          }),
          PROJECT_PARAMETER,
          {
            name: 'Last-Event-ID',
            in: 'header',
            required: false,
            description: 'Id of the last message that was received, to go on after it; browsers send it of themselves',
            schema: { type: 'string' },
          },
        ],
        responses: {
          '200': { description: 'The stream', content: { 'text/event-stream': { schema: { type: 'string' }, example: EXAMPLE } } },
          ...failures(['too_many_subscribers'], FAILS.query, FAILS.admission),
        },
      },
    },
  };
}

const EVENT_EXAMPLE: Json = {
  event_id: 'view-3',
  type: 'page_view',
  time: '2026-03-02T12:06:00.000Z',
  session_id: 'visit-3',
  user_id: '',
  agent: '',
  tool: '',
  model: '',
  path: '/docs',
  method: '',
  status_code: null,
  failed: false,
  duration_ms: null,
  cost_usd: null,
  tokens: null,
  country: '',
  device_type: 'desktop',
  browser: 'Firefox',
  bot_name: '',
};

const SESSION_EXAMPLE: Json = {
  change: 'opened',
  session_id: 'visit-3',
  page_views: 1,
  level: 'normal',
  traffic_class: 'human',
  bot_score: 0,
};

const EXAMPLE = [
  'retry: 3000\n\n',
  `id: mm92aqo0_1-47\nevent: session\ndata: ${JSON.stringify(SESSION_EXAMPLE)}\n\n`,
  `id: mm92aqo0_1-48\nevent: event\ndata: ${JSON.stringify(EVENT_EXAMPLE)}\n\n`,
].join('');

/** Data of a message `event`. */
export const LIVE_EVENT: Json = object({
  event_id: text('Its id'),
  type: text('page_view, http_request, ai_request, ...'),
  time: time('When it happened'),
  session_id: text('Its session; empty for none, as the other texts'),
  user_id: text('Its user'),
  agent: text('Agent of a model call, tool execution or task'),
  tool: text('The tool'),
  model: text('The model'),
  path: text('Path of the page or request'),
  method: text('HTTP method'),
  status_code: { type: ['integer', 'null'], description: 'What the server answered' },
  failed: boolean('Did it fail?'),
  duration_ms: numberOrNull('How long it took, in milliseconds'),
  cost_usd: textOrNull('Cost in dollars, exact; null when unpriced or no model call'),
  tokens: { type: ['integer', 'null'], minimum: 0, description: 'All tokens of a model call' },
  country: text('ISO 3166-1 code of the country'),
  device_type: text('desktop, mobile, tablet, tv or bot'),
  browser: text('Name of the browser'),
  bot_name: text('Name of the program that the client says it is'),
});

/** Data of a message `session`. */
export const LIVE_SESSION: Json = object({
  change: choice(['opened', 'updated', 'level_changed'], 'What became of it'),
  session_id: text('The session'),
  page_views: count('Page views so far'),
  level: text('Throttle level'),
  traffic_class: text('What it is taken for'),
  bot_score: numberOf('Behavioural score'),
});

/** Data of a message `anomaly`. */
export const LIVE_ANOMALY: Json = object({
  change: choice(['opened', 'updated', 'resolved'], 'What became of it'),
  anomaly: named('Anomaly'),
});
