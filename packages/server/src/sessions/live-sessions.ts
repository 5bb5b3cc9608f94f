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

/**
 * What is known of a visitor: the sessions found by it, by time, never overlapping. Most have one, so that is held without a
 * list: with a list and the times of its own, a visitor took as much memory as its session.
 */
export class LiveVisitor {
  loaded: LoadedRange | undefined = undefined;
  /** How often the visitor asks. */
  window: RequestWindow | undefined = undefined;
  #held: LiveSession | LiveSession[] | undefined = undefined;

  /** By time. */
  get sessions(): readonly LiveSession[] {
    if (this.#held === undefined) return [];
    return Array.isArray(this.#held) ? this.#held : [this.#held];
  }

  /** Sessions that began after a time and not after another, as far as they are no more than so many. UTC milliseconds. */
  startedWithin(afterMs: number, untilMs: number, countMax: number): number {
    const held = this.#held;
    if (held === undefined) return 0;
    if (!Array.isArray(held)) return held.firstMs > afterMs && held.firstMs <= untilMs ? 1 : 0;
    let count = 0;
    for (let index = held.length - 1; index >= 0 && count < countMax; index--) {
      const firstMs = held[index]?.firstMs ?? 0;
      if (firstMs <= afterMs) break;
      if (firstMs <= untilMs) count++;
    }
    return count;
  }

  add(session: LiveSession): void {
    const { sessions } = this;
    if (sessions.includes(session)) return;
    this.#held = sessions.length === 0 ? session : [...sessions, session].sort((a, b) => a.firstMs - b.firstMs);
  }

  /** Says whether the session was there. */
  remove(session: LiveSession): boolean {
    const { sessions } = this;
    if (!sessions.includes(session)) return false;
    const [first, ...others] = sessions.filter((each) => each !== session);
    this.#held = first === undefined || others.length > 0 ? sessions.filter((each) => each !== session) : first;
    return true;
  }
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
    if (visitor.sessions.length === 0) this.visitors.delete(visitorId);
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
