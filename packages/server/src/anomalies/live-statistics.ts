import type { ObservedEvent } from '../live/observed-event.js';
import { BoundedMap } from './bounded-map.js';
import { HISTORY_HOURS, type HourSeries } from './hour-series.js';
import { measureHour, measureMinute, measureVisitor } from './measure.js';
import type { Measurement } from './measurement.js';
import { ProjectStatistics } from './project-statistics.js';
import type { Series } from './series.js';
import { countedAddress, storedAddress } from './visitor-activity.js';

/**
 * Events this far from the server's clock are no news: a log that is imported raises no alarm. It is more than the pauses of
 * exporters and log shippers, which are seconds to a minute or two.
 */
export const RECENT_MS_MAX = 5 * 60_000;
/** Projects that are remembered at most. */
const PROJECTS_MAX = 200;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

export interface LiveStatisticsOptions {
  /** An address as the store keeps it, to tell the addresses of before a restart from those after it. */
  readonly storedIp: (ip: string) => string;
}

/** Statistics of what happens now, kept up at every event in constant time and bounded memory. */
export class LiveStatistics {
  readonly #storedIp: (ip: string) => string;
  readonly #projects = new BoundedMap<ProjectStatistics>(PROJECTS_MAX);

  constructor({ storedIp }: LiveStatisticsOptions) {
    this.#storedIp = storedIp;
  }

  /** Takes an event in. One that is not recent adds to the history of its hour and to nothing else, one from weeks ago to nothing. */
  add(event: ObservedEvent, nowMs: number): void {
    const ageMs = nowMs - event.timestampMs;
    if (ageMs < -RECENT_MS_MAX || ageMs > HISTORY_HOURS * HOUR_MS) return;
    const recent = ageMs <= RECENT_MS_MAX;
    const isCall = event.type === 'ai_request' || event.type === 'tool_execution';
    const isRequest = event.requestKind === 'page' || event.requestKind === 'other';
    const statistics = this.project(event.projectId);
    if (isCall || isRequest) {
      addToHours(statistics, event, isCall, recent);
      if (recent) addToMinutes(statistics, event, isCall);
    }
    if (recent && event.visitorId !== '') this.#addToVisitor(statistics, event, isRequest);
  }

  /** The statistics of a project, made when unknown. */
  project(projectId: string): ProjectStatistics {
    return this.#projects.find(projectId) ?? this.#projects.put(projectId, new ProjectStatistics(projectId));
  }

  /** What is to be judged of all that happened since the last call, and of the visitors named. */
  measure(nowMs: number, visitorsToo: readonly Series[]): Measurement[] {
    const measurements: Measurement[] = [];
    for (const { projectId, dimensionValue } of visitorsToo) {
      const visitor = this.#projects.find(projectId)?.visitors.find(dimensionValue);
      if (visitor !== undefined) visitor.touched = true;
    }
    const minute = Math.floor(nowMs / MINUTE_MS);
    const hours = new Set([Math.floor((nowMs - RECENT_MS_MAX) / HOUR_MS), Math.floor(nowMs / HOUR_MS)]);
    for (const project of this.#projects.values()) {
      for (const visitor of project.visitors.values()) {
        if (visitor.touched) measurements.push(...measureVisitor(visitor, nowMs));
        visitor.touched = false;
      }
      for (const series of project.allMinutes()) {
        for (const changed of series.takeChanged(minute)) measurements.push(...measureMinute(series, changed));
      }
      for (const series of project.allHours()) {
        if (series.touched) for (const hour of hours) measurements.push(...measureHour(series, hour, nowMs));
        series.touched = false;
      }
    }
    return measurements;
  }

  /** Forgets people of a project. */
  forget(projectId: string, userIds: readonly string[], visitorIds: readonly string[]): void {
    this.#projects.find(projectId)?.forget(userIds, visitorIds);
  }

  /** The series with hours that are not saved yet. */
  unsavedHours(): HourSeries[] {
    return [...this.#projects.values()].flatMap((project) => [...project.allHours()].filter((series) => series.hasUnsaved));
  }

  #addToVisitor(statistics: ProjectStatistics, event: ObservedEvent, isRequest: boolean): void {
    const visitor = statistics.visitor(event.visitorId);
    if (isRequest) visitor.requests.add(event.timestampMs);
    if (event.sessionId !== '') visitor.sessions.add(event.sessionId, event.timestampMs);
    if (event.ip !== '') {
      visitor.addresses.forget(storedAddress(this.#storedIp(event.ip)));
      visitor.addresses.add(countedAddress(event.ip), event.timestampMs);
    }
    visitor.touched = true;
  }
}

function addToMinutes(statistics: ProjectStatistics, event: ObservedEvent, isCall: boolean): void {
  const minute = Math.floor(event.timestampMs / MINUTE_MS);
  const { durationMs } = event;
  // A status 4xx is the client's fault: a scanner that looks for what is not there is not a failing project.
  const failed = isCall ? event.failed : (event.statusCode ?? 0) >= 500;
  statistics.minuteSeries('project', '').add(minute, failed, undefined);
  if (!isCall) {
    if (durationMs !== undefined) statistics.minuteSeries('path', event.path).add(minute, failed, durationMs);
    return;
  }
  if (event.agent !== '') statistics.minuteSeries('agent', event.agent).add(minute, failed, undefined);
  if (event.type === 'ai_request') statistics.minuteSeries('model', event.model).add(minute, failed, durationMs);
  else statistics.minuteSeries('tool', event.tool).add(minute, failed, durationMs);
}

function addToHours(statistics: ProjectStatistics, event: ObservedEvent, isCall: boolean, recent: boolean): void {
  const hour = Math.floor(event.timestampMs / HOUR_MS);
  const add = (series: HourSeries, total: bigint): void => {
    series.add(hour, 1, total);
    if (recent) series.touched = true;
  };
  const { agent, model, userId, tool, tokens, costPicodollars: cost } = event;
  add(statistics.hourSeries('requests_per_hour', 'project', ''), 1n);
  if (isCall && agent !== '') add(statistics.hourSeries('requests_per_hour', 'agent', agent), 1n);
  if (event.type !== 'ai_request') return;
  if (tokens !== undefined) add(statistics.hourSeries('tokens_per_request', 'model', model), BigInt(Math.round(tokens)));
  if (cost === undefined) return;
  add(statistics.hourSeries('cost_per_hour', 'project', ''), cost);
  add(statistics.hourSeries('cost_per_hour', 'model', model), cost);
  if (agent !== '') add(statistics.hourSeries('cost_per_hour', 'agent', agent), cost);
  if (userId !== '') add(statistics.hourSeries('cost_per_hour', 'user', userId), cost);
  if (tool !== '') add(statistics.hourSeries('cost_per_hour', 'tool', tool), cost);
}
