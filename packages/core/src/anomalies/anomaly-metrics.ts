import type { AnomalyMethod } from './anomaly-level.js';

/** What an anomaly may be about: the whole project, or one agent, model, tool, user, client fingerprint or path of it. */
export const ANOMALY_DIMENSIONS = ['project', 'agent', 'model', 'tool', 'user', 'fingerprint', 'path'] as const;
export type AnomalyDimension = (typeof ANOMALY_DIMENSIONS)[number];

/** A quantity that is watched. */
export interface AnomalyMetricDefinition {
  /** Unit of its values and thresholds. */
  readonly unit: 'requests' | 'sessions' | 'addresses' | 'standard deviations' | 'ratio' | 'microdollars' | 'tokens';
  readonly description: string;
  /** What it is measured of. */
  readonly dimensions: readonly AnomalyDimension[];
  /** How it is checked without being told; a threshold of one's own may be set for every metric. */
  readonly methods: readonly AnomalyMethod[];
  /** The largest threshold that can be reached. */
  readonly thresholdMax: number;
}

/** Distinct sessions and addresses of one fingerprint are counted up to this, so that none of them takes endless memory. */
export const DISTINCT_COUNT_MAX = 100;

/** The watched quantities. */
export const ANOMALY_METRICS = {
  requests_per_minute: {
    unit: 'requests',
    description:
      'Of a fingerprint: requests in any 60 seconds, assets left out. Of the project: these, model calls and tool executions of a minute. Of an agent: its calls and executions of a minute',
    dimensions: ['fingerprint', 'project', 'agent'],
    methods: ['threshold', 'trend'],
    thresholdMax: 1_000_000,
  },
  session_count_per_fingerprint: {
    unit: 'sessions',
    description: 'Sessions of a fingerprint within 24 hours',
    dimensions: ['fingerprint'],
    methods: ['threshold'],
    thresholdMax: DISTINCT_COUNT_MAX,
  },
  avg_response_time_deviation: {
    unit: 'standard deviations',
    description: "How far a minute's mean response time lies above the mean of the hour before it, in that hour's standard deviations",
    dimensions: ['path', 'model', 'tool'],
    methods: ['threshold'],
    thresholdMax: 1_000_000,
  },
  error_rate: {
    unit: 'ratio',
    description: 'Share of failed model calls, tool executions and requests (status 5xx) within 5 minutes, from 20 of them on',
    dimensions: ['project', 'agent', 'model', 'tool'],
    methods: ['threshold'],
    thresholdMax: 1,
  },
  unique_ips_per_fingerprint: {
    unit: 'addresses',
    description: 'Addresses (IPv4 addresses, IPv6 networks of /64) of a fingerprint within 24 hours',
    dimensions: ['fingerprint'],
    methods: ['threshold'],
    thresholdMax: DISTINCT_COUNT_MAX,
  },
  requests_per_hour: {
    unit: 'requests',
    description: 'Requests, model calls and tool executions of an hour (UTC)',
    dimensions: ['project', 'agent'],
    methods: ['seasonal'],
    thresholdMax: 1_000_000_000,
  },
  cost_per_hour: {
    unit: 'microdollars',
    description: 'Cost of the model calls of an hour (UTC), rounded once to whole microdollars',
    dimensions: ['project', 'agent', 'user', 'tool', 'model'],
    methods: ['trend', 'seasonal'],
    thresholdMax: 1_000_000_000_000,
  },
  tokens_per_request: {
    unit: 'tokens',
    description: 'Mean of all tokens of the model calls of an hour (UTC), from 20 calls on',
    dimensions: ['model'],
    methods: ['trend', 'seasonal'],
    thresholdMax: 10_000_000_000,
  },
} as const satisfies Record<string, AnomalyMetricDefinition>;

export type AnomalyMetric = keyof typeof ANOMALY_METRICS;
export const ANOMALY_METRIC_NAMES = Object.keys(ANOMALY_METRICS) as readonly AnomalyMetric[];

/** Is this the name of a watched quantity? */
export function isAnomalyMetric(name: string): name is AnomalyMetric {
  return Object.hasOwn(ANOMALY_METRICS, name);
}
