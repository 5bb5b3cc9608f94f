import { ANOMALY_DIMENSIONS, type AnomalyDimension, parseDecimal } from '@systemprompt-analytics/core';
import { deleteRows } from '../store/delete-rows.js';
import { bind, render, type SqlFragment, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { HISTORY_HOURS, type HourFacts, type HourlyMetric, type HourSeries } from './hour-series.js';
import type { LiveStatistics } from './live-statistics.js';

const HOUR_MS = 3_600_000;
/** What may take longer than a report: it runs once, beside everything else. */
const READ_SECONDS = 120;
/** Series that are read at most, the busiest first, of one metric and dimension of a project and of all. */
const SERIES_OF_DIMENSION_MAX = 500;
const SERIES_ROWS_MAX = 3_000;
/** Rows of one statement: what is worked out from years of events is much at once. */
const ROWS_PER_INSERT = 20_000;

/** One series as it is read: its hours, and what each of them had, in the same order. */
interface SeriesRow {
  readonly project_id: string;
  readonly metric: string;
  readonly dimension: string;
  readonly dimension_value: string;
  /** Hours since 1970. */
  readonly hours: readonly number[];
  readonly samples: readonly (number | string)[];
  readonly totals: readonly string[];
}

/** The hours that values are compared with: read when the server starts, and written down as they pass. */
export class MetricHistory {
  readonly #store: Store;
  readonly #statistics: LiveStatistics;
  #saving: Promise<void> = Promise.resolve();

  constructor(store: Store, statistics: LiveStatistics) {
    this.#store = store;
    this.#statistics = statistics;
  }

  /**
   * Reads the last weeks. Where nothing was ever written down, as after an update of the program, they are worked out once
   * from the stored events. Nothing may be saved before this is done: it would be counted twice.
   */
  async load(nowMs: number): Promise<void> {
    const currentHour = Math.floor(nowMs / HOUR_MS);
    const sinceMs = (currentHour - HISTORY_HOURS) * HOUR_MS;
    const rows = await this.#read(sql`
      SELECT project_id, metric, dimension, dimension_value, intDiv(toUnixTimestamp(bucket), 3600) AS hour, sum(samples) AS samples, sum(total) AS total
      FROM metric_history WHERE bucket >= ${bind.timeMs(sinceMs)} GROUP BY project_id, metric, dimension, dimension_value, hour`);
    if (rows.length > 0 || !(await this.#isEmpty())) {
      this.#restore(rows);
      return;
    }
    const workedOut: SeriesRow[] = [];
    for (const source of [costsOfCalls, tokensOfCalls, requestsOf]) {
      workedOut.push(...(await this.#read(source(sinceMs, currentHour * HOUR_MS))));
    }
    this.#restore(workedOut, true);
  }

  /** Writes down what has been added since the last time; on failure it is kept. */
  save(): Promise<void> {
    // One after the other: once a saving has ended, nothing that was taken before it is on its way any more.
    const saving = this.#saving.then(() => this.#write());
    this.#saving = saving.catch(() => undefined);
    return saving;
  }

  /** Deletes hours that nothing is compared with any more. */
  async prune(nowMs: number): Promise<void> {
    const old = sql`bucket < ${bind.timeMs((Math.floor(nowMs / HOUR_MS) - HISTORY_HOURS) * HOUR_MS)}`;
    const found = await this.#store.query(render(sql`SELECT 1 AS one FROM metric_history WHERE ${old} LIMIT 1`));
    if (found.length > 0) await deleteRows(this.#store, 'metric_history', old);
  }

  async #write(): Promise<void> {
    const taken = this.#statistics.unsavedHours().flatMap((series) => series.takeUnsaved().map((facts) => ({ series, facts })));
    for (let start = 0; start < taken.length; start += ROWS_PER_INSERT) {
      try {
        await this.#store.insert('metric_history', taken.slice(start, start + ROWS_PER_INSERT).map(rowOf));
      } catch (error) {
        for (const { series, facts } of taken.slice(start)) series.unsave(facts);
        throw error;
      }
    }
  }

  async #isEmpty(): Promise<boolean> {
    return (await this.#store.query(render(sql`SELECT 1 AS one FROM metric_history LIMIT 1`))).length === 0;
  }

  /** @param hours rows of one hour of one series; those series with the most samples are taken */
  #read(hours: SqlFragment): Promise<SeriesRow[]> {
    return this.#store.query<SeriesRow>(
      render(sql`SELECT project_id, metric, dimension, dimension_value,
          groupArray(hour) AS hours, groupArray(samples) AS samples, groupArray(toString(total)) AS totals
        FROM (${hours}) GROUP BY project_id, metric, dimension, dimension_value
        ORDER BY arraySum(samples) DESC LIMIT ${bind.uint(SERIES_OF_DIMENSION_MAX)} BY project_id, metric, dimension LIMIT ${bind.uint(SERIES_ROWS_MAX)}`),
      { seconds: READ_SECONDS },
    );
  }

  /** @param workedOut from the events, and therefore not written down yet */
  #restore(rows: readonly SeriesRow[], workedOut = false): void {
    // Those with the most samples last: they are remembered when there are too many.
    for (const row of rows.toReversed()) {
      const metric = METRICS.find((each) => each === row.metric);
      const dimension: AnomalyDimension | undefined = ANOMALY_DIMENSIONS.find((each) => each === row.dimension);
      // Whatever a newer version of the program wrote down.
      if (metric === undefined || dimension === undefined) continue;
      const series = this.#statistics.project(row.project_id).hourSeries(metric, dimension, row.dimension_value);
      row.hours.forEach((hour, index) => {
        const samples = Number(row.samples[index] ?? 0);
        const total = readTotal(metric, row.totals[index] ?? '0', workedOut);
        if (workedOut) series.add(hour, samples, total);
        else series.restore({ hour, samples, total });
      });
    }
  }
}

function rowOf({ series, facts }: { readonly series: HourSeries; readonly facts: HourFacts }): object {
  return {
    project_id: series.projectId,
    metric: series.metric,
    dimension: series.dimension,
    dimension_value: series.dimensionValue,
    bucket: new Date(facts.hour * HOUR_MS).toISOString(),
    samples: facts.samples,
    total: facts.total.toString(),
  };
}

const METRICS: readonly HourlyMetric[] = ['requests_per_hour', 'cost_per_hour', 'tokens_per_request'];

/** Stored costs are picodollars; worked out from the events they are dollars. */
function readTotal(metric: HourlyMetric, text: string, fromEvents: boolean): bigint {
  return fromEvents && metric === 'cost_per_hour' ? parseDecimal(text, 12) : BigInt(text);
}

const HOUR = sql`intDiv(toUnixTimestamp(timestamp), 3600)`;

function inTime(sinceMs: number, untilMs: number): SqlFragment {
  return sql`timestamp >= ${bind.timeMs(sinceMs)} AND timestamp < ${bind.timeMs(untilMs)}`;
}

function costsOfCalls(sinceMs: number, untilMs: number): SqlFragment {
  return sql`SELECT project_id, 'cost_per_hour' AS metric, part.1 AS dimension, part.2 AS dimension_value, ${HOUR} AS hour, count() AS samples, sum(cost) AS total
    FROM ai_requests FINAL
    ARRAY JOIN [('project', ''), ('model', toString(model)), ('agent', toString(agent)), ('user', user_id), ('tool', toString(tool))] AS part
    WHERE ${inTime(sinceMs, untilMs)} AND duplicate_of = '' AND cost IS NOT NULL AND (part.1 IN ('project', 'model') OR part.2 != '')
    GROUP BY project_id, dimension, dimension_value, hour`;
}

function tokensOfCalls(sinceMs: number, untilMs: number): SqlFragment {
  return sql`SELECT project_id, 'tokens_per_request' AS metric, 'model' AS dimension, toString(model) AS dimension_value, ${HOUR} AS hour, count() AS samples,
      sum(input_tokens + cache_read_tokens + cache_write_tokens + output_tokens) AS total
    FROM ai_requests FINAL WHERE ${inTime(sinceMs, untilMs)} AND duplicate_of = '' AND usage_reported
    GROUP BY project_id, dimension_value, hour`;
}

function requestsOf(sinceMs: number, untilMs: number): SqlFragment {
  const time = inTime(sinceMs, untilMs);
  return sql`SELECT project_id, 'requests_per_hour' AS metric, part.1 AS dimension, part.2 AS dimension_value, hour, count() AS samples, count() AS total
    FROM (
      SELECT project_id, toString(agent) AS agent, ${HOUR} AS hour FROM ai_requests FINAL WHERE ${time} AND duplicate_of = ''
      UNION ALL SELECT project_id, toString(agent), ${HOUR} FROM mcp_tool_executions FINAL WHERE ${time}
      UNION ALL SELECT project_id, '', ${HOUR} FROM analytics_events FINAL WHERE ${time} AND event_type = 'page_view'
      UNION ALL SELECT project_id, '', ${HOUR} FROM http_requests FINAL WHERE ${time} AND request_kind != 'asset'
    ) ARRAY JOIN [('project', ''), ('agent', agent)] AS part
    WHERE part.1 = 'project' OR part.2 != ''
    GROUP BY project_id, dimension, dimension_value, hour`;
}
