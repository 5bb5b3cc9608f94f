import {
  ANOMALY_DIMENSIONS,
  ANOMALY_METHODS,
  ANOMALY_METRIC_NAMES,
  ANOMALY_METRICS,
  type AnomalyMetric,
  defaultThresholdsOf,
} from '@systemprompt-analytics/core';
import { ANOMALY_STATUSES } from '../../anomalies/anomaly.js';
import type { Json } from './json.js';
import { FAILS, failures, jsonAnswer, jsonBody, PROJECT_PARAMETER, pathParameter, queryParameter } from './operations.js';
import { choice, count, given, listOf, named, numberOf, numberOrNull, object, text, time, timeOrNull } from './schemas.js';

const METRIC_PARAMETER: Json = {
  ...pathParameter('metric', 'Name of the metric', 'error_rate'),
  schema: { type: 'string', enum: [...ANOMALY_METRIC_NAMES] },
};

/** `/v1/anomalies`. */
export function anomalyPaths(): Json {
  return {
    '/v1/anomalies': {
      get: {
        tags: ['anomalies'],
        operationId: 'listAnomalies',
        summary: 'What is out of the ordinary, seen last first',
        parameters: [
          queryParameter('status', 'Those that last, those that are over, or both', {
            type: 'string',
            enum: [...ANOMALY_STATUSES],
            default: 'open',
          }),
          queryParameter('since', 'Those seen since then: a span such as 24h or 7d, or ISO 8601', { type: 'string' }),
          queryParameter('limit', 'At most so many', { type: 'integer', minimum: 1, maximum: 1000, default: 100 }),
          PROJECT_PARAMETER,
        ],
        responses: {
          '200': jsonAnswer(
            'The anomalies',
            object({
              project_id: text('The project'),
              anomalies: listOf(named('Anomaly'), 'Those seen last first'),
              truncated: { type: 'boolean', description: 'Are there more than the limit?' },
              suppressed: count('How often one was not opened since the start because too many were open'),
            }),
            { project_id: 'default', anomalies: [ANOMALY_EXAMPLE], truncated: false, suppressed: 0 },
          ),
          ...failures(FAILS.query, FAILS.admission, FAILS.store),
        },
      },
    },
    '/v1/anomalies/{anomaly_id}': {
      get: {
        tags: ['anomalies'],
        operationId: 'getAnomaly',
        summary: 'One anomaly',
        parameters: [pathParameter('anomaly_id', 'Its id', 'ano_0Zp4Yl8sTq1x'), PROJECT_PARAMETER],
        responses: {
          '200': jsonAnswer('The anomaly', named('Anomaly'), ANOMALY_EXAMPLE),
          ...failures(['unknown_anomaly'], FAILS.query, FAILS.admission, FAILS.store),
        },
      },
    },
    '/v1/anomalies/thresholds': {
      get: {
        tags: ['anomalies'],
        operationId: 'listThresholds',
        summary: 'The limits of every metric',
        parameters: [PROJECT_PARAMETER],
        responses: {
          '200': jsonAnswer(
            'The limits',
            object({ project_id: text('The project'), thresholds: listOf(named('AnomalyThreshold'), 'One for each metric') }),
            { project_id: 'default', thresholds: ANOMALY_METRIC_NAMES.map(defaultThreshold) },
          ),
          ...failures(FAILS.query, FAILS.admission),
        },
      },
    },
    '/v1/anomalies/thresholds/{metric}': {
      put: {
        tags: ['anomalies'],
        operationId: 'setThreshold',
        summary: 'Set the limits of a metric',
        description: 'For admin keys. They hold at once.',
        parameters: [METRIC_PARAMETER, PROJECT_PARAMETER],
        requestBody: jsonBody(
          given(
            {
              warning: {
                type: 'number',
                exclusiveMinimum: 0,
                description: 'From this value on it is a warning, in the unit of the metric',
              },
              critical: { type: 'number', exclusiveMinimum: 0, description: 'From this value on it is critical; not below the warning' },
            },
            ['warning', 'critical'],
          ),
          { warning: 0.05, critical: 0.2 },
        ),
        responses: {
          '200': jsonAnswer('The limits as they are now', named('AnomalyThreshold'), {
            ...THRESHOLD_EXAMPLE,
            warning: 0.05,
            critical: 0.2,
            updated_at: '2026-03-02T12:04:00.000Z',
          }),
          ...failures(['missing_field'], FAILS.fields, FAILS.query, FAILS.body, FAILS.admission, FAILS.store),
        },
      },
      delete: {
        tags: ['anomalies'],
        operationId: 'resetThreshold',
        summary: 'Let the default limits of a metric hold again',
        description: 'For admin keys.',
        parameters: [METRIC_PARAMETER, PROJECT_PARAMETER],
        responses: {
          '200': jsonAnswer('The limits as they are now', named('AnomalyThreshold'), THRESHOLD_EXAMPLE),
          ...failures(FAILS.query, FAILS.admission, FAILS.store),
        },
      },
    },
  };
}

const ANOMALY_EXAMPLE: Json = {
  anomaly_id: 'ano_0Zp4Yl8sTq1x',
  project_id: 'default',
  metric: 'requests_per_minute',
  dimension: 'fingerprint',
  dimension_value: 'browser-hurry',
  method: 'threshold',
  level: 'warning',
  value: 20,
  expected: 15,
  opened_at: '2026-03-02T12:04:00.000Z',
  last_seen_at: '2026-03-02T12:04:00.000Z',
  resolved_at: null,
  message: 'requests_per_minute of fingerprint "browser-hurry" is 20 requests, at or above the limit of 15 requests.',
};

function defaultThreshold(metric: AnomalyMetric): Json {
  const { warning = null, critical = null } = defaultThresholdsOf(metric) ?? {};
  const { unit, description } = ANOMALY_METRICS[metric];
  return { metric, unit, warning, critical, default_warning: warning, default_critical: critical, updated_at: null, description };
}

const THRESHOLD_EXAMPLE = defaultThreshold('error_rate');

/** Something out of the ordinary. */
export const ANOMALY: Json = object({
  anomaly_id: text('Its id'),
  project_id: text('The project'),
  metric: choice(ANOMALY_METRIC_NAMES, 'What was measured'),
  dimension: choice(ANOMALY_DIMENSIONS, 'Of what'),
  dimension_value: text('Of which one; empty for the project, and for a model or tool without a name'),
  method: choice(ANOMALY_METHODS, 'How it was recognised'),
  level: choice(['warning', 'critical'], 'The worst level that it had'),
  value: numberOf('The worst value, in the unit of the metric'),
  expected: numberOrNull('What that value was compared with: the limit, the average before it, or the median'),
  opened_at: time('When it was found'),
  last_seen_at: time('When it was last seen'),
  resolved_at: timeOrNull('When it was over; null while it lasts'),
  message: text('One sentence'),
});

/** The limits of a metric in a project. */
export const ANOMALY_THRESHOLD: Json = object({
  metric: choice(ANOMALY_METRIC_NAMES, 'What is measured'),
  unit: choice([...new Set(Object.values(ANOMALY_METRICS).map(({ unit }) => unit))], 'Unit of its values and limits'),
  warning: numberOrNull('From this value on it is a warning; null without a limit'),
  critical: numberOrNull('From this value on it is critical; null without a limit'),
  default_warning: numberOrNull('What holds unless the project sets its own'),
  default_critical: numberOrNull('The same for the critical limit'),
  updated_at: timeOrNull('When the project set its own; null while the defaults hold'),
  description: text('What the values mean'),
});
