import { BEHAVIORAL_SIGNAL_NAMES, LAYERS, TRAFFIC_CLASSES } from '@systemprompt-analytics/core';
import type { Json } from './json.js';
import { FAILS, failures, jsonAnswer, jsonBody, PROJECT_PARAMETER, pathParameter } from './operations.js';
import { choice, choiceOrNull, count, given, listOf, named, numberOf, object, text, textOrNull, time } from './schemas.js';

const SESSION_PARAMETER = pathParameter('session_id', 'Its session id', 'visit-2');

/** `/v1/bots`. */
export function botPaths(): Json {
  return {
    '/v1/bots/sessions/{session_id}': {
      get: {
        tags: ['bots'],
        operationId: 'explainSession',
        summary: 'Why a session is taken for what it is',
        parameters: [SESSION_PARAMETER, PROJECT_PARAMETER],
        responses: {
          '200': jsonAnswer('The verdict and what it rests on', named('Verdict'), EXPLAINED),
          ...failures(['unknown_session'], FAILS.query, FAILS.admission, FAILS.store),
        },
      },
    },
    '/v1/bots/sessions/{session_id}/mark': {
      post: {
        tags: ['bots'],
        operationId: 'markSession',
        summary: 'Say what a session is',
        description: 'For admin keys. It wins over every rule until it is taken back.',
        parameters: [SESSION_PARAMETER, PROJECT_PARAMETER],
        requestBody: jsonBody(
          given(
            {
              mark: choice(['human', 'bot', ''], 'What it is; the empty text takes a mark back'),
              note: { type: ['string', 'null'], maxLength: 1000, description: 'Why, for others to read' },
            },
            ['mark'],
          ),
          { mark: 'human', note: 'Our own monitoring of the shop window.' },
        ),
        responses: {
          '200': jsonAnswer('The verdict as it is now', named('Verdict'), {
            ...EXPLAINED,
            traffic_class: 'human',
            mark: 'human',
            sentences: ['A person marked the session as human.', ...SENTENCES],
          }),
          ...failures(['unknown_session', 'too_long'], FAILS.fields, FAILS.query, FAILS.body, FAILS.admission, FAILS.store),
        },
      },
    },
    '/v1/bots/rescore': {
      post: {
        tags: ['bots'],
        operationId: 'rescoreSessions',
        summary: 'Judge sessions anew, by the rules as they are now',
        description:
          "For admin keys. A slice of the web sessions that started in the range is judged by each call; send the same body again with the answer's next as after until next is null.",
        parameters: [PROJECT_PARAMETER],
        requestBody: jsonBody(
          given(
            {
              since: time('Start of the range, included'),
              until: time('End of the range, not included'),
              after: textOrNull('The next of the answer before; left out in the first request'),
            },
            ['since', 'until'],
          ),
          { since: '2026-03-01T00:00:00Z', until: '2026-03-03T00:00:00Z' },
        ),
        responses: {
          '200': jsonAnswer(
            'How many were judged, and where to go on',
            object({
              rescored: count('Sessions judged by this call'),
              next: textOrNull('The session to go on after; null when all are done'),
            }),
            { rescored: 2, next: null },
          ),
          ...failures(['missing_field'], FAILS.fields, FAILS.query, FAILS.body, FAILS.admission, FAILS.store),
        },
      },
    },
  };
}

const LAYERS_FOUND = [
  { layer: 'ai_crawler', points: 100, reason: 'The user agent declares an AI crawler (GPTBot of OpenAI), for training.' },
  { layer: 'client', points: 13, reason: 'None of 1 request named the page it came from.' },
];
const SENTENCES = [
  'The user agent is that of GPTBot of OpenAI, an AI crawler that comes for training.',
  'It does not behave like a bot: 0 points. No behavioural signal was found.',
  'By all layers together it is rather a program: layered score 98.5 of 100.',
  'ai_crawler (+100): The user agent declares an AI crawler (GPTBot of OpenAI), for training.',
  'client (+13): None of 1 request named the page it came from.',
];

const EXPLAINED: Json = {
  session_id: 'visit-2',
  traffic_class: 'ai_crawler',
  behavioral_bot_score: 0,
  behavioral_signals: [],
  layered_score: 98.5,
  layers: LAYERS_FOUND,
  mark: null,
  sentences: SENTENCES,
};

/** Why a session is taken for what it is. */
export const VERDICT: Json = object({
  session_id: text('The session'),
  traffic_class: choiceOrNull(TRAFFIC_CLASSES, 'What it is taken for; null without web traffic'),
  behavioral_bot_score: numberOf('Score of the seven signals'),
  behavioral_signals: listOf(choice(BEHAVIORAL_SIGNAL_NAMES, 'Its name'), 'Signals that were found'),
  layered_score: { type: 'number', minimum: 0, maximum: 100, description: 'Score of all layers' },
  layers: listOf(
    object({
      layer: choice(LAYERS, 'Its name'),
      points: numberOf('Points, of which those of all layers are added; negative for what speaks for a person'),
      reason: text('Sentences with the measured values; empty when nothing of it is worth one'),
    }),
    'What each layer found, the weightiest first; layers that found nothing are left out',
  ),
  mark: choiceOrNull(['human', 'bot'], 'What a person said of it'),
  sentences: listOf({ type: 'string' }, 'Why, in the order in which it counts'),
});
