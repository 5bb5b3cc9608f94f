import type { SessionBehavior } from '@systemprompt-analytics/core';
import type { ClientFacts } from '../enrichment/client-facts.js';
import type { Mark } from './session-mark.js';

/** Sessions found by their visitor are named so; the rest of the name is a hash of who and when. */
export const FOUND_PREFIX = 'v_';

/** A session that is known in memory. */
export class LiveSession {
  readonly sessionId: string;
  /** The fingerprint or cookieless hash its first event bore; empty when nobody knows. */
  visitorId: string;
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
  endedMs = Number.POSITIVE_INFINITY;
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
  /** Server's time of the last move to the end of the order of eviction. */
  rankedMs: number;

  constructor(sessionId: string, visitorId: string, given: boolean, timestampMs: number, nowMs: number) {
    this.sessionId = sessionId;
    this.visitorId = visitorId;
    this.given = given;
    this.firstMs = timestampMs;
    this.lastMs = timestampMs;
    this.rankedMs = nowMs;
  }
}

/** What is known of a visitor: the sessions found by it, by time, never overlapping. */
export class LiveVisitor {
  readonly sessions: LiveSession[] = [];
  /** Between these times every session of the store is known here, too. */
  loadedFromMs = Number.POSITIVE_INFINITY;
  loadedToMs = Number.NEGATIVE_INFINITY;
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
    const { sessions } = this.visitor(visitorId);
    if (sessions.includes(session)) return;
    sessions.push(session);
    sessions.sort((a, b) => a.firstMs - b.firstMs);
  }

  /** Makes a session forgotten under a visitor. */
  unindex(visitorId: string, session: LiveSession): void {
    const visitor = this.visitors.get(visitorId);
    const index = visitor?.sessions.indexOf(session) ?? -1;
    if (visitor === undefined || index === -1) return;
    visitor.sessions.splice(index, 1);
    if (visitor.sessions.length === 0) this.visitors.delete(visitorId);
    // The store knows it still: what was loaded is not all there is any more.
    else visitor.loadedToMs = Number.NEGATIVE_INFINITY;
  }
}

/** Moving a session to the end of the order for each of its events would cost more than the event does. */
const RANK_PAUSE_MS = 60_000;

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
    if (nowMs - session.rankedMs < RANK_PAUSE_MS) return;
    session.rankedMs = nowMs;
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
