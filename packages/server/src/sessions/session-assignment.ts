import { createHash } from 'node:crypto';
import { isMissingUserAgent } from '../enrichment/bot-identity.js';
import type { IncomingEvent } from '../ingest/incoming-event.js';
import type { SessionFinder } from '../ingest/ingest-pipeline.js';
import type { ArrivedEvent } from '../ingest/journal.js';
import { OpeningRow } from '../ingest/web-rows.js';
import { FOUND_PREFIX, LiveSession, type LiveSessions, type ProjectSessions } from './live-sessions.js';
import type { OriginReader } from './origin-reader.js';
import type { SessionMerge } from './session-merges.js';
import type { StoredSession, VisitorLookup } from './visitor-lookup.js';
import { dayOf, type VisitorSalts } from './visitor-salts.js';

const DAY_MS = 86_400_000;
/** Sessions that became part of another one are remembered until their events are moved, which is a second; so many at most. */
const MERGED_MAX = 100_000;

export interface SessionAssignmentOptions {
  readonly live: LiveSessions;
  readonly salts: VisitorSalts;
  readonly lookup: VisitorLookup;
  readonly origins: OriginReader;
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** Longest pause within a session, in milliseconds. */
  readonly gapMs: number;
  /** Every session with activity after this time is in memory, unless it was forgotten since. */
  readonly knownSinceMs: number;
  /** Stores that sessions became one; resolves when it is durable. */
  readonly merge: (merges: readonly SessionMerge[]) => Promise<void>;
}

/**
 * Finds the session of every event that a web client caused. A session id that the sender names wins; else the session is
 * the visitor's activity with pauses of at most half an hour, whatever order its events arrive in: an event between two
 * sessions that lies near enough to both makes them one.
 */
export class SessionAssignment implements SessionFinder {
  readonly #options: SessionAssignmentOptions;
  #merges: SessionMerge[] = [];
  /** Sessions that became part of another one. The store lists them until their events are moved. */
  readonly #merged = new Set<string>();

  constructor(options: SessionAssignmentOptions) {
    this.#options = options;
  }

  async assign(events: readonly ArrivedEvent[]): Promise<void> {
    const web = events.map(({ incoming }) => incoming).filter((incoming) => incoming.web !== undefined);
    if (web.length === 0) {
      // Applications open sessions, too.
      this.#options.live.trim();
      return;
    }
    await this.#options.origins.ready();
    await this.#options.salts.ensure(this.#daysOf(web));
    await this.#loadStored(web);
    for (const incoming of web) this.#place(incoming);
    this.#options.live.trim();
    if (this.#merges.length === 0) return;
    const merges = this.#merges;
    this.#merges = [];
    try {
      await this.#options.merge(merges);
    } catch (error) {
      // They are one in memory already: the next commit notes it.
      this.#merges = [...merges, ...this.#merges];
      throw error;
    }
  }

  /** The visitor of a request: its fingerprint, or the cookieless hash of the day; empty for nobody. */
  visitorOf(projectId: string, traits: IncomingEvent['traits'], timestampMs: number): string {
    if (traits.anonymous) return '';
    if (traits.fingerprint !== '') return traits.fingerprint;
    if (traits.ip === '') return '';
    return this.#options.salts.visitorId(dayOf(timestampMs), projectId, traits.ip, traits.userAgent);
  }

  /** Days whose salts are needed: those of the events, and of the other side of a midnight that is near. */
  #daysOf(events: readonly IncomingEvent[]): Set<number> {
    const days = new Set<number>();
    for (const { timestampMs, traits } of events) {
      if (traits.fingerprint !== '' || traits.ip === '') continue;
      days.add(dayOf(timestampMs));
      days.add(dayOf(Math.max(0, timestampMs - DAY_MS)));
      days.add(dayOf(Math.max(0, timestampMs - this.#options.gapMs)));
      days.add(dayOf(timestampMs + this.#options.gapMs));
    }
    return days;
  }

  /** Visitors that memory does not know, at a time of which it does not know everything, are looked up in the store. */
  async #loadStored(events: readonly IncomingEvent[]): Promise<void> {
    const { live, gapMs, knownSinceMs, lookup } = this.#options;
    const completeMs = Math.max(knownSinceMs, live.forgottenMs);
    const missing = new Map<string, Map<string, { fromMs: number; toMs: number }>>();
    for (const incoming of events) {
      const { projectId, timestampMs, sessionId } = incoming;
      if (timestampMs - gapMs >= completeMs) continue;
      if (sessionId !== '') continue;
      for (const visitorId of this.#candidates(incoming)) {
        const loaded = live.project(projectId).visitors.get(visitorId)?.loaded;
        if (loaded !== undefined && loaded.fromMs <= timestampMs - gapMs && timestampMs + gapMs <= loaded.toMs) continue;
        const visitors = missing.get(projectId) ?? new Map<string, { fromMs: number; toMs: number }>();
        missing.set(projectId, visitors);
        const range = visitors.get(visitorId);
        visitors.set(visitorId, {
          fromMs: Math.min(range?.fromMs ?? timestampMs, timestampMs),
          toMs: Math.max(range?.toMs ?? timestampMs, timestampMs),
        });
      }
    }
    for (const [projectId, visitors] of missing) {
      let fromMs = Number.POSITIVE_INFINITY;
      let toMs = Number.NEGATIVE_INFINITY;
      for (const range of visitors.values()) {
        fromMs = Math.min(fromMs, range.fromMs - DAY_MS);
        toMs = Math.max(toMs, range.toMs + DAY_MS);
      }
      const stored = await lookup.find(projectId, [...visitors.keys()], fromMs, toMs);
      this.#remember(projectId, [...visitors.keys()], stored, fromMs, toMs);
    }
  }

  #remember(projectId: string, visitorIds: readonly string[], stored: readonly StoredSession[], fromMs: number, toMs: number): void {
    const { live, clock } = this.#options;
    for (const { sessionId, visitorId, firstMs, lastMs, endedMs } of stored) {
      if (!sessionId.startsWith(FOUND_PREFIX) || this.#merged.has(sessionId)) continue;
      const known = live.find(projectId, sessionId);
      if (known !== undefined) {
        // A session that was read back after a start may have begun before what was read.
        known.firstMs = Math.min(known.firstMs, firstMs);
        known.lastMs = Math.max(known.lastMs, lastMs);
        continue;
      }
      const session = new LiveSession(sessionId, visitorId, false, firstMs, clock());
      session.lastMs = lastMs;
      session.originMs = firstMs;
      session.endedMs = endedMs;
      live.add(projectId, session);
    }
    const project = live.project(projectId);
    for (const visitorId of visitorIds) {
      const visitor = project.visitor(visitorId);
      visitor.loaded = {
        fromMs: Math.min(visitor.loaded?.fromMs ?? fromMs, fromMs),
        toMs: Math.max(visitor.loaded?.toMs ?? toMs, toMs),
      };
    }
  }

  /**
   * The visitor under the event's own day first, then under the day across a midnight that is near. A visitor that is not known
   * under its day may be in a session that began the day before: where memory forgot that it is the same, its hash tells.
   */
  #candidates({ projectId, traits, timestampMs }: IncomingEvent): string[] {
    const own = this.visitorOf(projectId, traits, timestampMs);
    if (own === '' || traits.fingerprint !== '') return own === '' ? [] : [own];
    const { gapMs, live } = this.#options;
    const ids = [own];
    const days = [Math.max(0, timestampMs - gapMs), timestampMs + gapMs].map(dayOf);
    if (live.project(projectId).visitors.get(own)?.isEmpty !== false) days.push(dayOf(Math.max(0, timestampMs - DAY_MS)));
    for (const day of new Set(days)) {
      if (day !== dayOf(timestampMs)) ids.push(this.#options.salts.visitorId(day, projectId, traits.ip, traits.userAgent));
    }
    return ids;
  }

  #place(incoming: IncomingEvent): void {
    const { web } = incoming;
    if (web === undefined) return;
    const candidates = this.#candidates(incoming);
    const [own = ''] = candidates;
    const session = incoming.sessionId === '' ? this.#findOrOpen(incoming, own, candidates) : this.#given(incoming, own);
    if (session === undefined) {
      web.visitor_id = own === '' ? undefined : own;
      incoming.visitorId = own;
      return;
    }
    this.#options.live.rank(incoming.projectId, session, incoming.receivedMs);
    if (session.userId === '' || incoming.userId !== '') session.userId = incoming.userId;
    web.session_id = session.sessionId;
    if (!session.given) web.session_id_source = 'visitor';
    web.visitor_id = session.visitorId === '' ? undefined : session.visitorId;
    incoming.sessionId = session.sessionId;
    incoming.session = session;
    incoming.visitorId = session.visitorId;
    if (incoming.opensSession && incoming.timestampMs < session.originMs && web instanceof OpeningRow) {
      const { columns, client } = this.#options.origins.read(incoming);
      web.setOrigin(columns);
      session.originMs = incoming.timestampMs;
      session.client = client;
      session.hasUserAgent = !isMissingUserAgent(incoming.userAgent);
    }
    incoming.client = session.client;
  }

  /** The session that the sender named. */
  #given({ projectId, sessionId, timestampMs, receivedMs, opensSession }: IncomingEvent, visitorId: string): LiveSession {
    const { live } = this.#options;
    const known = live.find(projectId, sessionId);
    if (known === undefined) {
      const session = new LiveSession(sessionId, visitorId, true, timestampMs, receivedMs);
      live.add(projectId, session);
      return session;
    }
    if (known.visitorId === '' && visitorId !== '') {
      known.visitorId = visitorId;
      live.project(projectId).index(visitorId, known);
    }
    extend(known, timestampMs, opensSession);
    return known;
  }

  /** The visitor's session at that time; a new one where there is none and the event may open one. */
  #findOrOpen(incoming: IncomingEvent, own: string, candidates: readonly string[]): LiveSession | undefined {
    if (own === '') return undefined;
    const { live } = this.#options;
    const project = live.project(incoming.projectId);
    const near = this.#near(project, candidates, incoming.timestampMs);
    const [first, ...others] = near;
    if (first === undefined) {
      if (!incoming.opensSession) return undefined;
      const session = new LiveSession(
        foundSessionId(incoming.projectId, own, incoming.timestampMs, incoming.eventId),
        own,
        false,
        incoming.timestampMs,
        incoming.receivedMs,
      );
      live.add(incoming.projectId, session);
      return session;
    }
    // Engagement opens nothing, so it does not make two sessions one either.
    if (incoming.opensSession) for (const other of others) this.#join(project, first, other);
    extend(first, incoming.timestampMs, incoming.opensSession);
    this.#indexOverMidnight(project, first, own);
    return first;
  }

  /** The visitor's sessions so near to a time that an event then belongs to them, earliest first. */
  #near(project: ProjectSessions, candidates: readonly string[], timestampMs: number): LiveSession[] {
    const { gapMs } = this.#options;
    const near: LiveSession[] = [];
    for (const visitorId of candidates) {
      for (const session of project.visitors.get(visitorId)?.near(timestampMs, gapMs) ?? []) {
        if (near.includes(session)) continue;
        if (session.endedMs !== undefined && timestampMs > session.endedMs) continue;
        near.push(session);
      }
    }
    return near.sort((a, b) => a.firstMs - b.firstMs);
  }

  /** Two sessions turn out to be one; the events of the later one are moved. */
  #join(project: ProjectSessions, into: LiveSession, from: LiveSession): void {
    this.#merges.push({ projectId: project.projectId, sessionId: from.sessionId, mergedInto: into.sessionId });
    this.#merged.add(from.sessionId);
    const [oldest] = this.#merged;
    if (this.#merged.size > MERGED_MAX && oldest !== undefined) this.#merged.delete(oldest);
    into.lastMs = Math.max(into.lastMs, from.lastMs);
    into.endedMs = from.endedMs;
    if (into.mark === '') into.mark = from.mark;
    if (from.userId !== '') into.userId = from.userId;
    into.isServerTold ||= from.isServerTold;
    if (into.behavior === undefined) into.behavior = from.behavior;
    else if (from.behavior !== undefined) into.behavior.append(from.behavior);
    this.#options.live.remove(project.projectId, from);
    this.#indexOverMidnight(project, into, from.visitorId);
  }

  #indexOverMidnight(project: ProjectSessions, session: LiveSession, visitorId: string): void {
    if (visitorId === session.visitorId || visitorId === session.nextVisitorId || visitorId === '') return;
    if (session.nextVisitorId !== '') project.unindex(session.nextVisitorId, session);
    session.nextVisitorId = visitorId;
    project.index(visitorId, session);
  }
}

function extend(session: LiveSession, timestampMs: number, opensSession: boolean): void {
  if (timestampMs > session.lastMs) session.lastMs = timestampMs;
  if (opensSession && timestampMs < session.firstMs) session.firstMs = timestampMs;
  // What happens after the end of a session that a sender names goes on in it.
  if (session.given && session.endedMs !== undefined && timestampMs > session.endedMs) session.endedMs = undefined;
}

/** 128 bits of who opened it and with what: the same event opens the same session again after a failed commit. */
function foundSessionId(projectId: string, visitorId: string, timestampMs: number, eventId: string): string {
  const digest = createHash('sha256').update(`${projectId}\0${visitorId}\0${timestampMs}\0${eventId}`).digest();
  return `${FOUND_PREFIX}${digest.subarray(0, 16).toString('base64url')}`;
}
