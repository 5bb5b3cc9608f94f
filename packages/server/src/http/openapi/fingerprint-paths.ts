import { FLAG_REASONS } from '@systemprompt-analytics/core';
import { REPUTATION_SORTS } from '../../fingerprints/fingerprint-rows.js';
import type { Json } from './json.js';
import { FAILS, failures, jsonAnswer, jsonBody, PROJECT_PARAMETER, pathParameter, queryParameter } from './operations.js';
import { boolean, choiceOrNull, count, given, listOf, named, object, text, textOrNull, time, timeOrNull } from './schemas.js';

const FINGERPRINT_PARAMETER = pathParameter('fingerprint', 'The fingerprint or cookieless hash, percent-encoded', 'browser-7f3a');

/** `/v1/fingerprints`. */
export function fingerprintPaths(): Json {
  return {
    '/v1/fingerprints': {
      get: {
        tags: ['fingerprints'],
        operationId: 'listFingerprints',
        summary: 'Visitors with their reputation over all their sessions',
        parameters: [
          queryParameter('sort_by', 'What comes first: the latest, the most, or the lowest score', {
            type: 'string',
            enum: [...REPUTATION_SORTS],
            default: 'last_seen',
          }),
          queryParameter('limit', 'Visitors at most', { type: 'integer', minimum: 1, maximum: 10_000, default: 50 }),
          queryParameter('high_risk', 'Only visitors that are flagged, of low score or often abusive?', {
            type: 'boolean',
            default: false,
          }),
          PROJECT_PARAMETER,
        ],
        responses: {
          '200': jsonAnswer('The visitors', object({ fingerprints: listOf(named('Reputation'), 'In the order that was asked for') }), {
            fingerprints: [REPUTATION_EXAMPLE],
          }),
          ...failures(FAILS.query, FAILS.admission, FAILS.store),
        },
      },
    },
    '/v1/fingerprints/{fingerprint}': {
      get: {
        tags: ['fingerprints'],
        operationId: 'getFingerprint',
        summary: 'The reputation of one visitor',
        parameters: [FINGERPRINT_PARAMETER, PROJECT_PARAMETER],
        responses: {
          '200': jsonAnswer('The visitor', named('Reputation'), REPUTATION_EXAMPLE),
          ...failures(['unknown_fingerprint'], FAILS.query, FAILS.admission, FAILS.store),
        },
      },
    },
    '/v1/fingerprints/{fingerprint}/flag': {
      post: {
        tags: ['fingerprints'],
        operationId: 'flagFingerprint',
        summary: 'Flag a visitor as a high risk',
        description: 'For admin keys. The flag stands until it is cleared.',
        parameters: [FINGERPRINT_PARAMETER, PROJECT_PARAMETER],
        requestBody: jsonBody(
          given({ note: { type: ['string', 'null'], maxLength: 1000, description: 'What there is against it' } }),
          { note: 'Scrapes the catalogue every night.' },
          false,
        ),
        responses: {
          '200': jsonAnswer('The visitor as it is now', named('Reputation'), {
            ...REPUTATION_EXAMPLE,
            is_high_risk: true,
            is_flagged: true,
            flag_reason: 'manual',
            flag_note: 'Scrapes the catalogue every night.',
            flagged_at: '2026-03-02T12:00:00.000Z',
          }),
          ...failures(['unknown_fingerprint', 'too_long'], FAILS.fields, FAILS.query, FAILS.body, FAILS.admission, FAILS.store),
        },
      },
    },
    '/v1/fingerprints/{fingerprint}/clear': {
      post: {
        tags: ['fingerprints'],
        operationId: 'clearFingerprint',
        summary: 'Take a flag back, and what is held against the visitor',
        description: 'For admin keys. The score is no less than at the start, and what the visitor did just before does not flag it again.',
        parameters: [FINGERPRINT_PARAMETER, PROJECT_PARAMETER],
        requestBody: jsonBody(given({}), {}, false),
        responses: {
          '200': jsonAnswer('The visitor as it is now', named('Reputation'), REPUTATION_EXAMPLE),
          ...failures(['unknown_fingerprint', 'invalid_json', 'unknown_field'], FAILS.query, FAILS.body, FAILS.admission, FAILS.store),
        },
      },
    },
  };
}

const REPUTATION_EXAMPLE: Json = {
  fingerprint: 'browser-7f3a',
  first_seen_at: '2026-03-02T12:00:00.000Z',
  last_seen_at: '2026-03-02T12:00:00.000Z',
  total_sessions: 1,
  active_sessions: 1,
  total_requests: 1,
  requests_last_hour: 1,
  peak_requests_per_minute: 1,
  sustained_high_velocity_minutes: 0,
  is_high_risk: false,
  is_flagged: false,
  flag_reason: null,
  flag_note: null,
  flagged_at: null,
  reputation_score: 50,
  abuse_incidents: 0,
  last_incident_at: null,
  last_ip: null,
  last_user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  associated_user_ids: [],
};

/** What is known of a visitor over all its sessions. */
export const REPUTATION: Json = object({
  fingerprint: text('The fingerprint, or the cookieless hash of a day'),
  first_seen_at: time('First event'),
  last_seen_at: time('Last event'),
  total_sessions: count('Sessions'),
  active_sessions: count('Sessions with activity in the last half hour'),
  total_requests: count('Requests, assets left out'),
  requests_last_hour: count('Requests of the last hour, in whole minutes'),
  peak_requests_per_minute: count('Most requests of a minute'),
  sustained_high_velocity_minutes: count('Most minutes in a row, up to an hour, that each had many requests'),
  is_high_risk: boolean('Is it flagged, of low score, or often abusive?'),
  is_flagged: boolean('Is it flagged?'),
  flag_reason: choiceOrNull(FLAG_REASONS, 'What it was flagged for; manual when a person did'),
  flag_note: textOrNull('What a person said about the flag'),
  flagged_at: timeOrNull('When it was flagged'),
  reputation_score: { type: 'number', minimum: 0, maximum: 100, description: '0 to 100; everybody starts with 50, and drifts back there' },
  abuse_incidents: count('Abuses'),
  last_incident_at: timeOrNull('The last abuse; null without incidents'),
  last_ip: textOrNull('Last address, as the privacy setting has it stored'),
  last_user_agent: textOrNull('Last user agent'),
  associated_user_ids: listOf({ type: 'string' }, 'Users that it was seen as, at most 100'),
});
