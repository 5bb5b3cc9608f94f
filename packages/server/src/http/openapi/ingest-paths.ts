import { ERROR_CODES } from '@systemprompt-analytics/core';
import type { Json } from './json.js';
import { FAILS, failures, jsonAnswer, PROJECT_PARAMETER } from './operations.js';
import { boolean, choice, count, listOf, named, object, text, textOrNull } from './schemas.js';

const STATUS = { 'application/json': { schema: object({ code: { type: 'integer' }, message: { type: 'string' } }) } };

/** `POST /v1/events` and `POST /v1/traces`. */
export function ingestPaths(): Json {
  const event = named('Event');
  const batch = {
    oneOf: [
      event,
      { type: 'array', items: event },
      { type: 'object', properties: { events: { type: 'array', items: event } }, required: ['events'] },
    ],
  };
  return {
    '/v1/events': {
      post: {
        tags: ['ingest'],
        operationId: 'sendEvents',
        summary: 'Store events',
        description:
          'One event, an array, {"events": [...]} or one event per line; gzip is taken. Answered once the events are stored. An id counts once, however often it is sent. A fault refuses its event and no other.',
        parameters: [PROJECT_PARAMETER],
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: batch, example: [PAGE_VIEW, { id: 'view-2', type: 'page_view' }] },
            'application/x-ndjson': { schema: { type: 'string' } },
          },
        },
        responses: {
          '200': jsonAnswer('Stored; rejected events are listed', named('IngestAnswer'), {
            accepted: 1,
            duplicates: 0,
            rejected: [{ index: 1, id: 'view-2', code: 'missing_field', path: 'page_url', message: 'page_view events need page_url.' }],
          }),
          ...failures(
            ['invalid_json', 'empty_body', 'batch_too_long', 'buffer_full'],
            FAILS.query,
            FAILS.body,
            FAILS.admission,
            FAILS.store,
          ),
        },
      },
    },
    '/v1/traces': {
      post: {
        tags: ['ingest'],
        operationId: 'sendTraces',
        summary: 'Store OpenTelemetry traces (OTLP/HTTP)',
        description:
          'ExportTraceServiceRequest as protobuf or JSON; gzip and chunked bodies are taken. Answers and errors are those of the OTLP specification, in the encoding of the request.',
        parameters: [PROJECT_PARAMETER],
        requestBody: {
          required: true,
          content: {
            'application/x-protobuf': { schema: { type: 'string', contentEncoding: 'binary' } },
            'application/json': { schema: { type: 'object' }, example: { resourceSpans: [] } },
          },
        },
        responses: {
          '200': jsonAnswer(
            'ExportTraceServiceResponse; partialSuccess says how many spans were rejected, and why',
            object(
              {
                partialSuccess: object(
                  {
                    rejectedSpans: { type: ['string', 'integer'], description: 'How many; a 64-bit integer, which JSON has as a text' },
                    errorMessage: text('Why'),
                  },
                  '',
                  ['rejectedSpans', 'errorMessage'],
                ),
              },
              '',
              ['partialSuccess'],
            ),
            {},
          ),
          '400': { description: 'google.rpc.Status: what cannot be read, or a parameter that is not known', content: STATUS },
          '401': { description: 'google.rpc.Status: a key is needed, or not known', content: STATUS },
          '403': { description: 'google.rpc.Status: the key does not allow this', content: STATUS },
          '404': { description: 'google.rpc.Status: there is no such project', content: STATUS },
          '413': { description: 'google.rpc.Status: the body is too large', content: STATUS },
          '415': { description: 'google.rpc.Status: neither protobuf nor JSON', content: STATUS },
          '429': { description: 'google.rpc.Status, with Retry-After', content: STATUS },
          '503': { description: 'google.rpc.Status, with Retry-After', content: STATUS },
        },
      },
    },
  };
}

const PAGE_VIEW: Json = {
  id: 'view-1',
  type: 'page_view',
  session_id: 'visit-1',
  page_url: 'https://example.com/pricing?utm_source=newsletter',
  fingerprint: 'browser-7f3a',
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
};

export const INGEST_ANSWER: Json = object(
  {
    accepted: count('Events stored now'),
    duplicates: count('Events whose id was stored before; they count once'),
    rejected: listOf(
      object({
        index: count('Position in the batch, from 0; of NDJSON the lines that are not blank'),
        id: textOrNull('Its id, as far as it has a readable one'),
        code: choice(Object.keys(ERROR_CODES), 'Why'),
        message: text('The same in a sentence, with the value and what is allowed'),
        path: text('The field at fault; empty for the event itself'),
      }),
      'Events that were not stored; the others were',
    ),
    throttled: listOf(
      object({
        session_id: text('The session'),
        level: choice(['warning', 'severe', 'blocked'], "The higher level of the session's and its visitor's"),
        level_number: { type: 'integer', minimum: 1, maximum: 3 },
        allowed: boolean('May its requests pass at all?'),
        reason: text('Why, as a sentence with the measured value'),
      }),
      'Sessions of the batch that are slowed down or shut out; absent when there is none',
    ),
  },
  '',
  ['throttled'],
);
