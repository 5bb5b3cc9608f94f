import { applyActivity } from '@systemprompt-analytics/core';
import type { FingerprintRows } from './fingerprint-rows.js';
import { unite, without } from './user-ids.js';
import type { VisitorHours, VisitorInHours } from './visitor-hours.js';

/** Visitors per statement: a pass over the hours in question serves them all. */
const VISITORS_PER_STATEMENT = 5_000;
/** Visitors that are looked up at once when everything since a time is computed anew. */
const VISITORS_PER_PART = 200_000;
const NOBODY: ReadonlySet<string> = new Set();

/** Makes reputations out of events: hours out of the raw tables, and reputations out of hours. */
export class ReputationComputer {
  readonly #hours: VisitorHours;
  readonly #rows: FingerprintRows;
  readonly #clock: () => number;
  #hoursVersion = 0;
  #rowsVersion = 0;

  constructor(hours: VisitorHours, rows: FingerprintRows, clock: () => number) {
    this.#hours = hours;
    this.#rows = rows;
    this.#clock = clock;
  }

  /** Continues the versions of an earlier process; gives the time up to which it had computed, UTC milliseconds. */
  async recover(): Promise<number> {
    this.#hoursVersion = await this.#hours.newestVersion();
    this.#rowsVersion = await this.#rows.newestVersion();
    return this.#hoursVersion;
  }

  /** Computes hours of visitors anew, and their reputations. Users in `withoutUserIds` are not named any more. */
  compute(projectId: string, visitors: ReadonlyMap<string, Iterable<number>>, withoutUserIds: ReadonlySet<string> = NOBODY): Promise<void> {
    return this.#compute(projectId, visitors, () => this.nextHoursVersion(), withoutUserIds);
  }

  /**
   * Computes every visitor anew with events that arrived since a time; of one project, or of all when none is named. Versions do
   * not follow the clock here: a process that is killed on the way leaves an old newest row, so that the next one begins again.
   */
  async recomputeSince(receivedMs: number, projectId: string | undefined): Promise<void> {
    const parts = Math.max(1, Math.ceil((await this.#hours.countSeenSince(receivedMs, projectId)) / VISITORS_PER_PART));
    for (let part = 0; part < parts; part++) {
      const seen = await this.#hours.seenSince(receivedMs, projectId, part, parts);
      for (const [ofProject, visitors] of byProject(seen)) await this.#compute(ofProject, visitors, () => ++this.#hoursVersion, NOBODY);
    }
  }

  /** Later rows have higher versions, also when the clock stands still or goes back, and across restarts. */
  nextHoursVersion(): number {
    this.#hoursVersion = Math.max(this.#hoursVersion + 1, this.#clock());
    return this.#hoursVersion;
  }

  /** The same for reputations. */
  nextRowsVersion(): number {
    this.#rowsVersion = Math.max(this.#rowsVersion + 1, this.#clock());
    return this.#rowsVersion;
  }

  async #compute(
    projectId: string,
    visitors: ReadonlyMap<string, Iterable<number>>,
    nextVersion: () => number,
    withoutUserIds: ReadonlySet<string>,
  ): Promise<void> {
    const fingerprints = [...visitors.keys()];
    for (let start = 0; start < fingerprints.length; start += VISITORS_PER_STATEMENT) {
      const part = fingerprints.slice(start, start + VISITORS_PER_STATEMENT);
      const hours = new Set(part.flatMap((fingerprint) => [...(visitors.get(fingerprint) ?? [])]));
      if (hours.size > 0) await this.#hours.recompute(projectId, part, [...hours], nextVersion());
      await this.#conclude(projectId, part, hours, withoutUserIds);
    }
  }

  async #conclude(
    projectId: string,
    fingerprints: readonly string[],
    hours: ReadonlySet<number>,
    withoutUserIds: ReadonlySet<string>,
  ): Promise<void> {
    const version = this.nextRowsVersion();
    // What leads up to a minute, and what it leads to, lies within an hour of it.
    const around = new Set([...hours].flatMap((hour) => [hour - 1, hour, hour + 1]));
    const activities = await this.#hours.activities(projectId, fingerprints, around);
    const previous = await this.#rows.read(projectId, fingerprints);
    const reputations = [...activities].map(([fingerprint, activity]) => {
      const before = previous.get(fingerprint);
      const userIds = without(unite(before?.associatedUserIds ?? [], activity.userIds), withoutUserIds);
      return applyActivity(before, fingerprint, { ...activity, userIds });
    });
    await this.#rows.write(projectId, reputations, version);
  }
}

function byProject(seen: readonly VisitorInHours[]): Map<string, Map<string, readonly number[]>> {
  const projects = new Map<string, Map<string, readonly number[]>>();
  for (const { projectId, fingerprint, hours } of seen) {
    const visitors = projects.get(projectId);
    if (visitors === undefined) projects.set(projectId, new Map([[fingerprint, hours]]));
    else visitors.set(fingerprint, hours);
  }
  return projects;
}
