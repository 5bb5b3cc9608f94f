import type { Json } from './json.js';
import { jsonAnswer } from './operations.js';
import { choice, count, object, text } from './schemas.js';

/** What the server says of itself. */
export function serverPaths(): Json {
  return {
    '/healthz': {
      get: {
        tags: ['server'],
        operationId: 'health',
        summary: 'Does the server work?',
        security: [],
        responses: {
          '200': jsonAnswer('It does', object({ status: choice(['ok'], 'The store answers'), ...FACTS })),
          '503': jsonAnswer(
            'The store does not answer',
            object({ status: choice(['failing'], 'The store does not answer'), code: text('Error code'), ...FACTS }),
          ),
        },
      },
    },
    '/openapi.json': {
      get: {
        tags: ['server'],
        operationId: 'openapi',
        summary: 'This document',
        security: [],
        responses: { '200': { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } } },
      },
    },
  };
}

const FACTS: Json = {
  version: text('Of the product'),
  store: choice(['embedded', 'single', 'cluster'], 'What the data lies in'),
  uptime_seconds: count('Seconds since the start'),
  accepted_events: count('Events stored since the start'),
  duplicate_events: count('Events that were stored before'),
  rejected_events: count('Events that were refused'),
  waiting_events: count('Events that wait to be acknowledged'),
  pending_events: count('Acknowledged events that are not in their tables yet'),
  price_version: text('Of the price book'),
};
