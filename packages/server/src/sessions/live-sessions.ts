import type { SessionBehavior } from '@systemprompt-analytics/core';
import type { ClientFacts } from '../enrichment/client-facts.js';
import type { RequestWindow } from '../throttle/request-window.js';
import type { Mark } from './session-mark.js';

/** Sessions found by their visitor are named so; the rest of the name is a hash of who and when. */
export const FOUND_PREFIX = 'v_';

/** A session that is known in memory. */
export class LiveSession {
  readonly sessionId: string;
  /** The fingerprint or cookieless hash its first event bore; empty when nobody knows. */
  visitorId: string;
  /** Who bears that id; undefined when nobody knows. */
  visitor: LiveVisitor | undefined = undefined;
  /** Its visitor's hash of another day, when it goes on over midnight. */
  nextVisitorId = '';
  /** Named by the sender instead of found by its visitor. */
  readonly given: boolean;
  /** First and last activity, UTC milliseconds. Engagement moves the last one only. */
  firstMs: number;
  lastMs: number;
  /** Time of the event that said where the visitor came from. */
  originMs = Number.POSITIVE_INFINITY;
  /** When it was ended by hand or for inactivity; later events open another one. */
  endedMs: number | undefined = undefined;
  userId = '';
  client: ClientFacts | undefined = undefined;
  /** Did the event that said who the client is come with a user agent? */
  hasUserAgent = true;
  /** What is kept of its requests and script events. */
  behavior: SessionBehavior | undefined = undefined;
  /** Did a web server report its requests, with their status? */
  isServerTold = false;
  /** What a person said of it. */
  mark: Mark = '';
  /** How often it asks, where its visitor is not known. */
  window: RequestWindow | undefined = undefined;
  /** Server's time of the last move to the end of the order of eviction, in whole minutes, which the engine keeps in place. */
  rankedMinute: number;

  constructor(sessionId: string, visitorId: string, given: boolean, timestampMs: number, nowMs: number) {
    this.sessionId = sessionId;
    this.visitorId = visitorId;
    this.given = given;
    this.firstMs = timestampMs;
    this.lastMs = timestampMs;
    this.rankedMinute = minuteOf(nowMs);
  }
}

/** Between these times every session of a visitor that the store has is known here, too. UTC milliseconds. */
export interface LoadedRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Starts of named sessions that are remembered of a visitor; more of them change no score. */
const NAMED_STARTS_MAX = 64;

/** The sessions of a visitor that has several. */
interface SeveralSessions {
  /** Found by the visitor: by time, never overlapping. */
  readonly found: LiveSession[];
  /** Named by the sender: any number of them, at any time. */
  readonly named: Set<LiveSession>;
  /** When the latest of those began. */
  readonly namedStarts: number[];
  latestNamed: LiveSession | undefined;
}

/**
 * What is known of a visitor: the sessions found by it, by time, never overlapping, and those that a sender named. Most have one,
 * so that is held without lists: with them and the times of its own, a visitor took as much memory as its session.
 */
export class LiveVisitor {
  loaded: LoadedRange | undefined = undefined;
  /** How often the visitor asks. */
  window: RequestWindow | undefined = undefined;
  #only: LiveSession | undefined = undefined;
  #several: SeveralSessions | undefined = undefined;

  get isEmpty(): boolean {
    if (this.#several === undefined) return this.#only === undefined;
    return this.#several.found.length === 0 && this.#several.named.size === 0;
  }

  /** All of them: those found by time, then those named. */
  get sessions(): readonly LiveSession[] {
    if (this.#several === undefined) return this.#only === undefined ? [] : [this.#only];
    return [...this.#several.found, ...this.#several.named];
  }

  /** The found sessions that lie within a pause of a time, the latest first. UTC milliseconds. */
  near(timestampMs: number, pauseMs: number): LiveSession[] {
    const found = this.#several?.found ?? (this.#only === undefined || this.#only.given ? [] : [this.#only]);
    const near: LiveSession[] = [];
    for (let index = placeOf(found, timestampMs + pauseMs) - 1; index >= 0; index--) {
      const session = found[index];
      // Earlier ones are over earlier.
      if (session === undefined || session.lastMs < timestampMs - pauseMs) break;
      near.push(session);
    }
    return near;
  }

  /** The session that was seen last. */
  get latest(): LiveSession | undefined {
    if (this.#several === undefined) return this.#only;
    const found = this.#several.found.at(-1);
    const named = this.#several.latestNamed;
    if (found === undefined || named === undefined) return found ?? named;
    return named.lastMs > found.lastMs ? named : found;
  }

  /** Sessions that began after a time and not after another, as far as they are remembered. UTC milliseconds. */
  startedWithin(afterMs: number, untilMs: number, countMax: number): number {
    const isWithin = (firstMs: number): boolean => firstMs > afterMs && firstMs <= untilMs;
    if (this.#several === undefined) return this.#only !== undefined && isWithin(this.#only.firstMs) ? 1 : 0;
    const { found, namedStarts } = this.#several;
    let count = 0;
    for (let index = found.length - 1; index >= 0 && count < countMax; index--) {
      const firstMs = found[index]?.firstMs ?? 0;
      if (firstMs <= afterMs) break;
      if (firstMs <= untilMs) count++;
    }
    for (const firstMs of namedStarts) if (count < countMax && isWithin(firstMs)) count++;
    return count;
  }

  add(session: LiveSession): void {
    if (this.#several === undefined && (this.#only === undefined || this.#only === session)) {
      this.#only = session;
      return;
    }
    if (this.#several === undefined) {
      this.#several = { found: [], named: new Set(), namedStarts: [], latestNamed: undefined };
      if (this.#only !== undefined) this.#insert(this.#several, this.#only);
      this.#only = undefined;
    }
    this.#insert(this.#several, session);
  }

  /** Says whether the session was there. */
  remove(session: LiveSession): boolean {
    if (this.#several === undefined) {
      if (this.#only !== session) return false;
      this.#only = undefined;
      return true;
    }
    if (session.given) {
      if (this.#several.latestNamed === session) this.#several.latestNamed = undefined;
      return this.#several.named.delete(session);
    }
    const index = this.#several.found.indexOf(session);
    if (index >= 0) this.#several.found.splice(index, 1);
    return index >= 0;
  }

  #insert(several: SeveralSessions, session: LiveSession): void {
    const { found, named, namedStarts } = several;
    if (session.given) {
      if (named.has(session)) return;
      named.add(session);
      namedStarts.push(session.firstMs);
      if (namedStarts.length > NAMED_STARTS_MAX) namedStarts.shift();
      several.latestNamed = session;
      return;
    }
    const place = placeOf(found, session.firstMs);
    if (!found.includes(session)) found.splice(place, 0, session);
  }
}

/** How many of some sessions in order began at a time or before. */
function placeOf(sessions: readonly LiveSession[], timestampMs: number): number {
  let [low, high] = [0, sessions.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sessions[middle]?.firstMs ?? 0) <= timestampMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The sessions of one project in memory. */
export class ProjectSessions {
  readonly projectId: string;
  /** In the order they were last seen, roughly. */
  readonly sessions = new Map<string, LiveSession>();
  readonly visitors = new Map<string, LiveVisitor>();

  constructor(projectId: string) {
    this.projectId = projectId;
  }

  /** What is known of a visitor, made when it is new. */
  visitor(visitorId: string): LiveVisitor {
    let visitor = this.visitors.get(visitorId);
    if (visitor === undefined) {
      visitor = new LiveVisitor();
      this.visitors.set(visitorId, visitor);
    }
    return visitor;
  }

  /** Makes a session known under a visitor. */
  index(visitorId: string, session: LiveSession): void {
    const visitor = this.visitor(visitorId);
    visitor.add(session);
    if (visitorId === session.visitorId) session.visitor = visitor;
  }

  /** Makes a session forgotten under a visitor. */
  unindex(visitorId: string, session: LiveSession): void {
    const visitor = this.visitors.get(visitorId);
    if (visitor === undefined || !visitor.remove(session)) return;
    if (visitor.isEmpty) this.visitors.delete(visitorId);
    // The store knows it still: what was loaded is not all there is any more.
    else visitor.loaded = undefined;
  }
}

/** Moving a session to the end of the order for each of its events would cost more than the event does: once a minute will do. */
const MINUTE_MS = 60_000;

function minuteOf(timestampMs: number): number {
  return Math.floor(timestampMs / MINUTE_MS);
}

/** The sessions in memory, so many at most; those that were not seen for longest are forgotten first. */
export class LiveSessions {
  readonly #projects = new Map<string, ProjectSessions>();
  readonly #sessionsMax: number;
  #count = 0;
  #forgotten = 0;
  #forgottenMs = Number.NEGATIVE_INFINITY;

  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax;
  }

  /** Sessions in memory. */
  get size(): number {
    return this.#count;
  }

  /** How many sessions were forgotten. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** The latest activity of a session that was forgotten, UTC milliseconds: what is later is known here if it is known at all. */
  get forgottenMs(): number {
    return this.#forgottenMs;
  }

  project(projectId: string): ProjectSessions {
    let project = this.#projects.get(projectId);
    if (project === undefined) {
      project = new ProjectSessions(projectId);
      this.#projects.set(projectId, project);
    }
    return project;
  }

  /** Every session in memory, by project. */
  *all(): Generator<readonly [projectId: string, sessions: Iterable<LiveSession>]> {
    for (const { projectId, sessions } of this.#projects.values()) yield [projectId, sessions.values()];
  }

  /** A session in memory, or undefined. */
  find(projectId: string, sessionId: string): LiveSession | undefined {
    return this.#projects.get(projectId)?.sessions.get(sessionId);
  }

  /** The sessions of a visitor in memory, by time. */
  ofVisitor(projectId: string, visitorId: string): readonly LiveSession[] {
    return this.#projects.get(projectId)?.visitors.get(visitorId)?.sessions ?? [];
  }

  /** The session of a visitor that was seen last, or undefined. */
  latestOfVisitor(projectId: string, visitorId: string): LiveSession | undefined {
    return this.#projects.get(projectId)?.visitors.get(visitorId)?.latest;
  }

  add(projectId: string, session: LiveSession): void {
    const project = this.project(projectId);
    project.sessions.set(session.sessionId, session);
    if (session.visitorId !== '') project.index(session.visitorId, session);
    this.#count++;
  }

  /** Forgets what is beyond the bound. Between events, never among those of one commit: they have been looked up together. */
  trim(): void {
    while (this.#count > this.#sessionsMax) this.#forgetOldest();
  }

  /** Notes that a session was just seen. */
  rank(projectId: string, session: LiveSession, nowMs: number): void {
    const minute = minuteOf(nowMs);
    if (minute <= session.rankedMinute) return;
    session.rankedMinute = minute;
    const { sessions } = this.project(projectId);
    if (sessions.delete(session.sessionId)) sessions.set(session.sessionId, session);
  }

  remove(projectId: string, session: LiveSession): void {
    const project = this.project(projectId);
    if (!project.sessions.delete(session.sessionId)) return;
    this.#count--;
    if (session.visitorId !== '') project.unindex(session.visitorId, session);
    if (session.nextVisitorId !== '') project.unindex(session.nextVisitorId, session);
  }

  /** Forgets these sessions and all of these visitors; nothing of them is left in memory. */
  forget(projectId: string, sessionIds: readonly string[], visitorIds: readonly string[]): void {
    const sessions = [
      ...sessionIds.flatMap((sessionId) => this.find(projectId, sessionId) ?? []),
      ...visitorIds.flatMap((visitorId) => this.ofVisitor(projectId, visitorId)),
    ];
    for (const session of sessions) this.remove(projectId, session);
  }

  /** Of the project with most sessions the one not seen for longest: a project cannot push the others out. */
  #forgetOldest(): void {
    let largest: ProjectSessions | undefined;
    for (const project of this.#projects.values()) {
      if (largest === undefined || project.sessions.size > largest.sessions.size) largest = project;
    }
    const [oldest] = largest?.sessions.values() ?? [];
    if (largest === undefined || oldest === undefined) return;
    this.#forgotten++;
    this.#forgottenMs = Math.max(this.#forgottenMs, oldest.lastMs);
    this.remove(largest.projectId, oldest);
  }
}
