import {
  type AnomalyCheckResult,
  type AnomalyDimension,
  AnomalyLevel,
  type AnomalyMetric,
  checkThreshold,
  checkTrend,
  DEFAULT_PROJECT_ID,
  isWorse,
} from '@systemprompt-analytics/core';
import type { EventObserver, ObservedEvent } from '../live/observed-event.js';
import type { Store } from '../store/store.js';
import type { Timer } from '../timer.js';
import type { Anomaly, AnomalyChange, AnomalyFilter } from './anomaly.js';
import { AnomalyRepository } from './anomaly-repository.js';
import { type AnomalySubjects, eraseSubjects } from './erase-subjects.js';
import { judgeMeasurement } from './judge-measurement.js';
import { LiveStatistics } from './live-statistics.js';
import type { Measurement } from './measurement.js';
import { MetricHistory } from './metric-history.js';
import { OpenAnomalies } from './open-anomalies.js';
import { type AnomalyEvent, RecentEvents } from './recent-events.js';
import { restoreWindows } from './restore-windows.js';
import { dimensionValueOf } from './series.js';
import { type AnomalyThreshold, ThresholdBook } from './threshold-book.js';

const MINUTE_MS = 60_000;
/** How often what waits is written, and time is looked at when no event arrives. */
const TICK_MS = 5_000;
/** What a killed process loses of the hours at most. */
const HISTORY_SAVE_MS = 10_000;
const HISTORY_PRUNE_MS = 24 * 3_600_000;
/** Other nodes may have changed limits. */
const THRESHOLDS_BELIEVED_MS = 30_000;
const TREND_WINDOW_MS = 3_600_000;
const RECENT_EVENTS_DEFAULT = 100;

export interface AnomalyDetectionOptions {
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** Works in the background; without one the minutes are judged when the next event arrives, and saved by `tick` and `close`. */
  readonly timer?: Timer | undefined;
  /** Told when an anomaly opens, gets worse or resolves. Must not throw. */
  readonly onChange?: ((change: AnomalyChange) => void) | undefined;
  /** Told of work in the background that failed; it is repeated. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
  /** An address as the store keeps it. @default the address itself */
  readonly storedIp?: ((ip: string) => string) | undefined;
}

/** What a value is measured of: `{ dimension: 'agent', value: 'billing' }`. */
export interface MeasuredOf {
  readonly dimension: AnomalyDimension;
  /** @default '' */
  readonly value?: string;
}

/**
 * Finds what is out of the ordinary, per project, in what the ingest pipeline stores and in what a caller records itself. Each
 * event is taken in at once; a minute is judged when it is over, by the timer or by the first event after it.
 *
 * @example
 * const anomalies = await AnomalyDetectionService.open(store, { clock });
 * console.log(anomalies.recordEvent('error_rate', { dimension: 'tool', value: 'search' }, 0.5).level);
 * await anomalies.close();
 */
export class AnomalyDetectionService implements EventObserver {
  readonly #store: Store;
  readonly #repository: AnomalyRepository;
  readonly #options: AnomalyDetectionOptions;
  readonly #thresholds: ThresholdBook;
  readonly #statistics: LiveStatistics;
  readonly #open: OpenAnomalies;
  readonly #history: MetricHistory;
  readonly #recent = new RecentEvents();
  readonly #followsOthers: boolean;
  readonly #openedMs: number;
  #judgedMinute: number;
  #historySavedMs: number;
  #historyPrunedMs = Number.NEGATIVE_INFINITY;
  #thresholdsReadMs: number;
  #loading: Promise<void> = Promise.resolve();
  #windowsLoaded = false;
  #historyLoaded = false;
  #closed = false;

  private constructor(store: Store, options: AnomalyDetectionOptions) {
    const { clock, onChange = () => undefined, onFailure = () => undefined, storedIp = (ip) => ip } = options;
    const nowMs = clock();
    this.#openedMs = nowMs;
    this.#store = store;
    this.#options = options;
    this.#repository = new AnomalyRepository(store);
    this.#thresholds = new ThresholdBook(this.#repository, clock);
    this.#statistics = new LiveStatistics({ storedIp });
    this.#open = new OpenAnomalies(this.#repository, nowMs, onChange, onFailure);
    this.#history = new MetricHistory(store, this.#statistics);
    this.#followsOthers = store.topology !== 'embedded';
    this.#judgedMinute = Math.floor(nowMs / MINUTE_MS);
    this.#historySavedMs = nowMs;
    this.#thresholdsReadMs = nowMs;
  }

  /**
   * Opens the service on a store with the product's schema, with the limits and the open anomalies of before. What is normal is
   * read in the background; until then nothing is compared with it.
   *
   * @throws AnalyticsError `store_unavailable`
   */
  static async open(store: Store, options: AnomalyDetectionOptions): Promise<AnomalyDetectionService> {
    const service = new AnomalyDetectionService(store, options);
    await service.#thresholds.load();
    await service.#open.load();
    service.#loading = service.#load();
    service.#schedule();
    return service;
  }

  /** Resolves when what is normal has been read, or could not be. */
  loaded(): Promise<void> {
    return this.#loading;
  }

  /** Takes in what was stored. Constant time per event; nothing waits for it. */
  observe(events: readonly ObservedEvent[]): void {
    const nowMs = this.#options.clock();
    this.#judgeIfDue(nowMs);
    for (const event of events) this.#statistics.add(event, nowMs);
  }

  /**
   * Compares a value with the limits of a project, and does nothing else.
   *
   * @throws RangeError when the value is not finite
   */
  checkAnomaly(metric: AnomalyMetric, value: number, projectId: string = DEFAULT_PROJECT_ID): AnomalyCheckResult {
    return checkThreshold(metric, value, this.#thresholds.thresholdsOf(projectId, metric));
  }

  /**
   * Takes in a value that the caller measured: it is kept among the recent ones, and when it reaches a limit an anomaly
   * opens, or goes on.
   *
   * @param atMs when it was measured, UTC milliseconds. @default now
   * @throws RangeError when the value is not finite
   */
  recordEvent(
    metric: AnomalyMetric,
    of: MeasuredOf,
    value: number,
    atMs: number = this.#options.clock(),
    projectId: string = DEFAULT_PROJECT_ID,
  ): AnomalyCheckResult {
    const result = this.checkAnomaly(metric, value, projectId);
    const series = { projectId, dimension: of.dimension, dimensionValue: dimensionValueOf(of.value ?? '') };
    this.#recent.add({ ...series, metric, value, atMs, level: result.level });
    this.#open.see({ ...series, metric, value, atMs }, result);
    return result;
  }

  /**
   * Compares the latest recorded value with the average of those before it within a window, and does nothing else.
   *
   * @param windowMs up to now, in milliseconds. @default an hour
   */
  checkTrendAnomaly(
    metric: AnomalyMetric,
    of: MeasuredOf,
    windowMs: number = TREND_WINDOW_MS,
    projectId: string = DEFAULT_PROJECT_ID,
  ): AnomalyCheckResult {
    const series = { projectId, metric, dimension: of.dimension, dimensionValue: dimensionValueOf(of.value ?? '') };
    return checkTrend(this.#recent.ofSeries(series, this.#options.clock() - windowMs).map(({ value }) => value));
  }

  /** The last values that were recorded, or found to be out of the ordinary, newest first. At most 60 of each series are known. */
  recentEvents(projectId: string = DEFAULT_PROJECT_ID, limit: number = RECENT_EVENTS_DEFAULT): AnomalyEvent[] {
    return this.#recent.ofProject(projectId, limit);
  }

  /**
   * Sets the limits of a metric in a project, or with undefined the defaults again.
   *
   * @throws AnalyticsError `invalid_type`, `invalid_value` or `store_unavailable`
   */
  updateThreshold(
    metric: AnomalyMetric,
    given: { readonly warning: unknown; readonly critical: unknown } | undefined,
    projectId: string = DEFAULT_PROJECT_ID,
  ): Promise<AnomalyThreshold> {
    return this.#thresholds.update(projectId, metric, given);
  }

  /** The limits of every metric in a project. */
  thresholds(projectId: string = DEFAULT_PROJECT_ID): AnomalyThreshold[] {
    return this.#thresholds.list(projectId);
  }

  /** Anomalies of a project, those seen last first, as they are now. */
  async list(projectId: string, filter: AnomalyFilter = {}): Promise<Anomaly[]> {
    await this.#open.save();
    return this.#repository.list(projectId, filter);
  }

  /** One anomaly of a project. */
  async find(projectId: string, anomalyId: string): Promise<Anomaly | undefined> {
    await this.#open.save();
    return this.#repository.find(projectId, anomalyId);
  }

  /** How often an anomaly of a project was not opened because too many were open, since the server started. */
  suppressed(projectId: string): number {
    return this.#open.suppressed(projectId);
  }

  /**
   * Erases what is known and stored about people of a project; gives the number of rows by table.
   *
   * @throws AnalyticsError `store_unavailable`; it may be repeated then
   */
  async forget(projectId: string, subjects: AnomalySubjects): Promise<Readonly<Record<'anomalies' | 'metric_history', number>>> {
    const userIds = subjects.userIds.map(dimensionValueOf);
    const visitorIds = subjects.visitorIds.map(dimensionValueOf);
    const [users, visitors] = [new Set(userIds), new Set(visitorIds)];
    await this.#loading;
    // What was on its way to the tables is in them then, and is deleted with the rest.
    await this.#open.save();
    if (this.#historyLoaded) await this.#history.save();
    this.#statistics.forget(projectId, userIds, visitorIds);
    this.#recent.forget(projectId, 'user', userIds);
    this.#recent.forget(projectId, 'fingerprint', visitorIds);
    this.#open.forget(projectId, ({ dimension, dimension_value: name }) =>
      dimension === 'user' ? users.has(name) : dimension === 'fingerprint' && visitors.has(name),
    );
    return eraseSubjects(this.#store, projectId, { userIds, visitorIds });
  }

  /** Judges the minutes that are over and saves what waits; what the timer does every few seconds. */
  async tick(): Promise<void> {
    const nowMs = this.#options.clock();
    this.#judgeIfDue(nowMs);
    await this.#open.save();
    if (nowMs - this.#historySavedMs >= HISTORY_SAVE_MS) {
      this.#historySavedMs = nowMs;
      await this.#loading;
      if (!this.#historyLoaded) this.#loading = this.#load();
      else await this.#history.save();
    }
    if (this.#historyLoaded && nowMs - this.#historyPrunedMs >= HISTORY_PRUNE_MS) {
      this.#historyPrunedMs = nowMs;
      await this.#history.prune(nowMs);
    }
    if (this.#followsOthers && nowMs - this.#thresholdsReadMs >= THRESHOLDS_BELIEVED_MS) {
      this.#thresholdsReadMs = nowMs;
      await this.#thresholds.load();
    }
  }

  /** Saves everything; nothing runs in the background afterwards. The store stays open. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#loading;
    await this.#open.save();
    if (this.#historyLoaded) await this.#history.save();
  }

  /** What could not be read is read again later; nothing of the hours is written before they have been read. */
  async #load(): Promise<void> {
    try {
      if (!this.#windowsLoaded) await restoreWindows(this.#store, this.#statistics, this.#openedMs);
      this.#windowsLoaded = true;
      await this.#history.load(this.#openedMs);
      this.#historyLoaded = true;
    } catch (error) {
      this.#options.onFailure?.(error);
    }
  }

  #schedule(): void {
    this.#options.timer?.after(TICK_MS, () => {
      if (this.#closed) return;
      this.tick()
        .catch((error: unknown) => this.#options.onFailure?.(error))
        .finally(() => this.#schedule());
    });
  }

  #judgeIfDue(nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS);
    // A clock that went back starts anew from there.
    if (minute === this.#judgedMinute) return;
    this.#judgedMinute = minute;
    for (const measurement of this.#statistics.measure(nowMs, this.#open.visitors())) this.#judge(measurement);
    this.#open.resolveQuiet(nowMs);
  }

  #judge(measurement: Measurement): void {
    const { projectId, metric, dimension, dimensionValue, value, atMs } = measurement;
    let worst: AnomalyLevel = AnomalyLevel.Normal;
    for (const result of judgeMeasurement(measurement, this.#thresholds.thresholdsOf(projectId, metric))) {
      this.#open.see(measurement, result);
      if (isWorse(result.level, worst)) worst = result.level;
    }
    if (worst !== AnomalyLevel.Normal) this.#recent.add({ projectId, metric, dimension, dimensionValue, value, atMs, level: worst });
  }
}
