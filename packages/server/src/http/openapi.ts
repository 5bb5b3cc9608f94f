import { ERROR_CODES } from '@systemprompt-analytics/core';
import { readProductVersion } from '../product-version.js';
import { KEY_KINDS } from '../projects/key-repository.js';
import { administrationPaths, KEY, PROJECT } from './openapi/administration-paths.js';
import { ANOMALY, ANOMALY_THRESHOLD, anomalyPaths } from './openapi/anomaly-paths.js';
import { botPaths, VERDICT } from './openapi/bot-paths.js';
import { DECISION, DECISION_REQUEST, decisionPaths } from './openapi/decision-paths.js';
import { eventSchema } from './openapi/event-schema.js';
import { fingerprintPaths, REPUTATION } from './openapi/fingerprint-paths.js';
import { INGEST_ANSWER, ingestPaths } from './openapi/ingest-paths.js';
import type { Json } from './openapi/json.js';
import { LIVE_ANOMALY, LIVE_EVENT, LIVE_SESSION, livePaths } from './openapi/live-paths.js';
import { COLUMN, REPORT_DESCRIPTION, reportGroups, reportPaths } from './openapi/report-paths.js';
import { choice, object, text } from './openapi/schemas.js';
import { serverPaths } from './openapi/server-paths.js';
import { SESSION, sessionPaths } from './openapi/session-paths.js';

export type { Json, JsonValue } from './openapi/json.js';

/** What belongs together, in the order in which it is shown. */
const TAGS = ['ingest', 'decisions', ...reportGroups(), 'bots', 'fingerprints', 'anomalies', 'live', 'administration', 'server'];

/** The OpenAPI 3.1 document of the HTTP API, derived from the event contract, the reports and the error codes. */
export function describeApi(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'systemprompt-analytics',
      version: readProductVersion(),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: 'Who came, what every agent, tool and model did, and what each cost, exactly.',
    },
    security: [{ key: [] }],
    tags: TAGS.map((name) => ({ name })),
    paths: {
      ...ingestPaths(),
      ...decisionPaths(),
      ...reportPaths(),
      ...sessionPaths(),
      ...botPaths(),
      ...fingerprintPaths(),
      ...anomalyPaths(),
      ...livePaths(),
      ...administrationPaths(),
      ...serverPaths(),
    },
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: `A key of the server: ${KEY_KINDS.join(', ')}. Programs on the same machine need none for the default project.`,
        },
      },
      schemas: {
        Event: eventSchema(),
        IngestAnswer: INGEST_ANSWER,
        DecisionRequest: DECISION_REQUEST,
        Decision: DECISION,
        Session: SESSION,
        Verdict: VERDICT,
        Reputation: REPUTATION,
        Anomaly: ANOMALY,
        AnomalyThreshold: ANOMALY_THRESHOLD,
        LiveEvent: LIVE_EVENT,
        LiveSession: LIVE_SESSION,
        LiveAnomaly: LIVE_ANOMALY,
        Column: COLUMN,
        ReportDescription: REPORT_DESCRIPTION,
        Project: PROJECT,
        Key: KEY,
        Problem: PROBLEM,
      },
    },
  };
}

const PROBLEM: Json = object(
  {
    type: text('Address of the entry in the documentation'),
    title: text('What happened, in general'),
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: text('What happened, with the value and what is allowed'),
    code: choice(Object.keys(ERROR_CODES), 'Stable; programs may switch on it'),
    help: text('What to do about it'),
    path: text('The parameter or field at fault'),
    request_id: text("Finds the failure in the server's log"),
  },
  'RFC 9457',
  ['path'],
);
