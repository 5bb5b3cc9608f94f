import { randomBytes } from 'node:crypto';
import { type AnomalyCheckResult, AnomalyLevel, type AnomalyMethod, type AnomalyMetric, isWorse } from '@systemprompt-analytics/core';
import type { Anomaly, AnomalyChange } from './anomaly.js';
import type { AnomalyRepository, VersionedAnomaly } from './anomaly-repository.js';
import { describeAnomaly } from './describe-anomaly.js';
import type { Measurement } from './measurement.js';
import { type Series, seriesKey } from './series.js';

const MINUTE_MS = 60_000;
/** An anomaly that was not seen for so long is over. */
export const QUIET_MS = 10 * MINUTE_MS;
/** What is measured by the hour begins at nothing every hour, so a whole hour without it has to pass. */
export const QUIET_HOURLY_MS = 65 * MINUTE_MS;
/** More than these at a time are one fault with many faces; those beyond it are counted and not opened. */
export const OPEN_PER_PROJECT_MAX = 1_000;

/**
 * The anomalies that last. One of the same project, metric, dimension, value and method is open once however often it is
 * seen, and resolves once. An opening and a resolution are written at once, what changes between with the next flush.
 */
export class OpenAnomalies {
  readonly #repository: AnomalyRepository;
  readonly #onChange: (change: AnomalyChange) => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #open = new Map<string, VersionedAnomaly>();
  readonly #openOfProject = new Map<string, number>();
  readonly #suppressedOfProject = new Map<string, number>();
  #unsaved = new Map<string, VersionedAnomaly>();
  #saving: Promise<void> = Promise.resolve();
  /** Since when this process watches: what was open before it is given the same time to show itself again. */
  readonly #startedMs: number;

  constructor(
    repository: AnomalyRepository,
    startedMs: number,
    onChange: (change: AnomalyChange) => void,
    onFailure: (error: unknown) => void,
  ) {
    this.#repository = repository;
    this.#startedMs = startedMs;
    this.#onChange = onChange;
    this.#onFailure = onFailure;
  }

  /** Takes over what was open before a restart. */
  async load(): Promise<void> {
    for (const anomaly of await this.#repository.readOpen()) this.#keep(anomaly);
  }

  /** Anomalies of a project that were not opened because too many were open, since the server started. */
  suppressed(projectId: string): number {
    return this.#suppressedOfProject.get(projectId) ?? 0;
  }

  /** The visitors that open anomalies are about: they are looked at also when they do nothing. */
  visitors(): Series[] {
    return [...this.#open.values()]
      .filter(({ dimension }) => dimension === 'fingerprint')
      .map(({ project_id: projectId, dimension, dimension_value: dimensionValue }) => ({ projectId, dimension, dimensionValue }));
  }

  /** Opens an anomaly, or goes on with the one that is open. A normal result is none. */
  see(measurement: Measurement, result: AnomalyCheckResult): void {
    if (result.level === AnomalyLevel.Normal) return;
    const key = keyOf(measurement, measurement.metric, result.method);
    const open = this.#open.get(key);
    if (open === undefined) this.#openNew(measurement, result);
    else this.#goOn(key, open, measurement, result);
  }

  /** Resolves what was not seen for long enough. */
  resolveQuiet(nowMs: number): void {
    for (const [key, anomaly] of this.#open) {
      const seenMs = Math.max(Date.parse(anomaly.last_seen_at), this.#startedMs);
      if (nowMs - seenMs < quietMsOf(anomaly.metric)) continue;
      const resolved = { ...anomaly, resolved_at: new Date(nowMs).toISOString(), version: nextVersion(anomaly, nowMs) };
      this.#open.delete(key);
      this.#countOpen(anomaly.project_id, -1);
      this.#changed('resolved', resolved);
      void this.save();
    }
  }

  /** Forgets anomalies about people; their rows are deleted by whoever calls this. */
  forget(projectId: string, isAbout: (anomaly: Anomaly) => boolean): void {
    for (const [key, anomaly] of this.#open) {
      if (anomaly.project_id !== projectId || !isAbout(anomaly)) continue;
      this.#open.delete(key);
      this.#countOpen(projectId, -1);
    }
    for (const [id, anomaly] of this.#unsaved) {
      if (anomaly.project_id === projectId && isAbout(anomaly)) this.#unsaved.delete(id);
    }
  }

  /** Writes what has changed; resolves when all of it up to now is stored, or has failed and is kept for the next time. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#write());
    return this.#saving;
  }

  #openNew(measurement: Measurement, result: AnomalyCheckResult): void {
    const { projectId, metric, dimension, dimensionValue, atMs } = measurement;
    if ((this.#openOfProject.get(projectId) ?? 0) >= OPEN_PER_PROJECT_MAX) {
      this.#suppressedOfProject.set(projectId, this.suppressed(projectId) + 1);
      return;
    }
    const at = new Date(atMs).toISOString();
    const anomaly: VersionedAnomaly = {
      anomaly_id: `ano_${randomBytes(9).toString('base64url')}`,
      project_id: projectId,
      metric,
      dimension,
      dimension_value: dimensionValue,
      method: result.method,
      level: result.level,
      value: result.value,
      expected: result.expected,
      opened_at: at,
      last_seen_at: at,
      resolved_at: null,
      message: describeAnomaly(measurement, result),
      version: atMs,
    };
    this.#keep(anomaly);
    this.#changed('opened', anomaly);
    void this.save();
  }

  #goOn(key: string, open: VersionedAnomaly, measurement: Measurement, result: AnomalyCheckResult): void {
    const { atMs } = measurement;
    const worse = isWorse(result.level, open.level);
    const higher = worse || (result.value > open.value && result.level === open.level);
    const last_seen_at = new Date(Math.max(atMs, Date.parse(open.last_seen_at))).toISOString();
    if (!higher && last_seen_at === open.last_seen_at) return;
    const { value, expected } = higher ? result : open;
    const message = higher ? describeAnomaly(measurement, result) : open.message;
    const level = worse ? result.level : open.level;
    const anomaly = { ...open, level, value, expected, message, last_seen_at, version: nextVersion(open, atMs) };
    this.#open.set(key, anomaly);
    if (worse) this.#changed('updated', anomaly);
    else this.#unsaved.set(anomaly.anomaly_id, anomaly);
  }

  #changed(change: AnomalyChange['change'], anomaly: VersionedAnomaly): void {
    this.#unsaved.set(anomaly.anomaly_id, anomaly);
    this.#onChange({ change, anomaly: withoutVersion(anomaly) });
  }

  #keep(anomaly: VersionedAnomaly): void {
    const { project_id: projectId, dimension, dimension_value: dimensionValue, metric, method } = anomaly;
    this.#open.set(keyOf({ projectId, dimension, dimensionValue }, metric, method), anomaly);
    this.#countOpen(projectId, 1);
  }

  #countOpen(projectId: string, change: number): void {
    this.#openOfProject.set(projectId, (this.#openOfProject.get(projectId) ?? 0) + change);
  }

  async #write(): Promise<void> {
    const rows = this.#unsaved;
    if (rows.size === 0) return;
    this.#unsaved = new Map();
    try {
      await this.#repository.write([...rows.values()]);
    } catch (error) {
      // What has changed again meanwhile is newer.
      this.#unsaved = new Map([...rows, ...this.#unsaved]);
      this.#onFailure(error);
    }
  }
}

function keyOf({ projectId, dimension, dimensionValue }: Series, metric: AnomalyMetric, method: AnomalyMethod): string {
  return `${metric} ${method} ${seriesKey(projectId, dimension, dimensionValue)}`;
}

function quietMsOf(metric: string): number {
  return metric.endsWith('_per_hour') || metric === 'tokens_per_request' ? QUIET_HOURLY_MS : QUIET_MS;
}

/** Grows also where the clock stands still or goes back. */
function nextVersion({ version }: VersionedAnomaly, nowMs: number): number {
  return Math.max(version + 1, nowMs);
}

function withoutVersion({ version: _, ...anomaly }: VersionedAnomaly): Anomaly {
  return anomaly;
}
