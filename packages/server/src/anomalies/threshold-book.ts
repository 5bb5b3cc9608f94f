import {
  ANOMALY_METRIC_NAMES,
  ANOMALY_METRICS,
  type AnomalyMetric,
  type AnomalyThresholds,
  defaultThresholdsOf,
  validateThresholds,
} from '@systemprompt-analytics/core';
import type { AnomalyRepository, StoredThreshold } from './anomaly-repository.js';

/** The limits of one metric in a project, as people see them. */
export interface AnomalyThreshold {
  readonly metric: AnomalyMetric;
  readonly unit: string;
  /** Null where there is no limit. */
  readonly warning: number | null;
  readonly critical: number | null;
  readonly default_warning: number | null;
  readonly default_critical: number | null;
  /** When the project set its own, ISO 8601; null while the defaults hold. */
  readonly updated_at: string | null;
  readonly description: string;
}

/** The limits of all projects, kept in memory because every measurement is compared with them. */
export class ThresholdBook {
  readonly #repository: AnomalyRepository;
  readonly #clock: () => number;
  /** By project and metric. */
  #own = new Map<string, StoredThreshold>();
  #changing: Promise<unknown> = Promise.resolve();

  constructor(repository: AnomalyRepository, clock: () => number) {
    this.#repository = repository;
    this.#clock = clock;
  }

  /** Reads the limits that projects set; another node may have changed them. */
  async load(): Promise<void> {
    const rows = await this.#repository.readThresholds();
    this.#own = new Map(rows.map((row) => [keyOf(row.project_id, row.metric), row]));
  }

  /** The limits of a metric in a project, or undefined. */
  thresholdsOf(projectId: string, metric: AnomalyMetric): AnomalyThresholds | undefined {
    const own = this.#own.get(keyOf(projectId, metric));
    if (own === undefined || own.warning === null || own.critical === null) return defaultThresholdsOf(metric);
    return { warning: own.warning, critical: own.critical };
  }

  /** The limits of every metric in a project. */
  list(projectId: string): AnomalyThreshold[] {
    return ANOMALY_METRIC_NAMES.map((metric) => this.describe(projectId, metric));
  }

  /** The limits of a metric in a project, beside the defaults. */
  describe(projectId: string, metric: AnomalyMetric): AnomalyThreshold {
    const { unit, description } = ANOMALY_METRICS[metric];
    const own = this.#own.get(keyOf(projectId, metric));
    const defaults = defaultThresholdsOf(metric);
    const holding = this.thresholdsOf(projectId, metric);
    return {
      metric,
      unit,
      warning: holding?.warning ?? null,
      critical: holding?.critical ?? null,
      default_warning: defaults?.warning ?? null,
      default_critical: defaults?.critical ?? null,
      updated_at: own === undefined || own.warning === null ? null : own.updated_at,
      description,
    };
  }

  /**
   * Sets the limits of a metric in a project; they hold at once and after a restart.
   *
   * @param given undefined for the defaults again
   * @throws AnalyticsError `invalid_type`, `invalid_value` or `store_unavailable`; nothing has changed then
   */
  async update(
    projectId: string,
    metric: AnomalyMetric,
    given: { readonly warning: unknown; readonly critical: unknown } | undefined,
  ): Promise<AnomalyThreshold> {
    const limits = given === undefined ? { warning: null, critical: null } : validateThresholds(metric, given);
    // One after the other, so that the last one told is the one that holds.
    const changing = this.#changing.then(() => this.#write(projectId, metric, limits));
    this.#changing = changing.catch(() => undefined);
    await changing;
    return this.describe(projectId, metric);
  }

  async #write(projectId: string, metric: string, limits: Pick<StoredThreshold, 'warning' | 'critical'>): Promise<void> {
    const nowMs = this.#clock();
    const before = this.#own.get(keyOf(projectId, metric));
    const row: StoredThreshold = {
      project_id: projectId,
      metric,
      ...limits,
      updated_at: new Date(nowMs).toISOString(),
      version: Math.max(nowMs, (before?.version ?? 0) + 1),
    };
    await this.#repository.writeThreshold(row);
    this.#own.set(keyOf(projectId, metric), row);
  }
}

function keyOf(projectId: string, metric: string): string {
  return `${projectId} ${metric}`;
}
