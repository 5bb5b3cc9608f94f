import type { Decision, SiteClient, ThrottledSession } from './site-client.js';
import type { Consequence, Itinerary, ScriptMessage, SiteRequest, Visit, Visitor } from './visitor.js';

/** Simulated time goes on in steps: short ones while programs are about, since levels change within seconds. */
const STEP_MS = 5_000;
const STEP_MS_WITH_PROGRAMS = 1_000;
/** Who waits as it is told and is refused again and again goes away in the end. */
const REFUSALS_MAX = 5;

/** Simulated time, UTC milliseconds. */
export interface SimulatedTime {
  readonly nowMs: number;
  /** Goes on to a later time. */
  advanceTo(nowMs: number): void;
}

/** A request about which the site asked, and what it was told. */
export interface DecidedRequest {
  readonly visitor: Visitor;
  readonly decision: Decision;
}

/** An event that was sent, as far as an oracle needs it. */
export interface SentEvent {
  readonly id: string;
  readonly visitor: Visitor;
  readonly atMs: number;
  /** `told` is what a script tells of a page beside that it was shown. */
  readonly kind: 'page_view' | 'request' | 'told';
  readonly referrer: string;
}

/** Something that happens at a time, UTC milliseconds. */
interface Happening<What> {
  readonly atMs: number;
  readonly visitor: Visitor;
  readonly what: What;
}

interface Reported {
  readonly event: SentEvent;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What one visitor still does. */
class Traveller {
  readonly visitor: Visitor;
  readonly #visits: readonly Visit[];
  readonly #startMs: number;
  #next = 0;
  /** How much later than planned, because it had to wait. */
  #lateMs = 0;
  #refusals = 0;

  constructor({ visitor, visits }: Itinerary, startMs: number) {
    this.visitor = visitor;
    this.#visits = visits;
    this.#startMs = startMs;
  }

  /** When it asks for its next page; infinite when it has gone. */
  get nextMs(): number {
    const visit = this.#visits[this.#next];
    return visit === undefined ? Number.POSITIVE_INFINITY : this.#startMs + visit.atMs + this.#lateMs;
  }

  /** Its visits up to a time. */
  take(untilMs: number): Happening<Visit>[] {
    const taken: Happening<Visit>[] = [];
    for (let atMs = this.nextMs; atMs <= untilMs; atMs = this.nextMs) {
      const what = this.#visits[this.#next++];
      if (what !== undefined) taken.push({ atMs, visitor: this.visitor, what });
    }
    return taken;
  }

  /** A request was refused. */
  refused({ retry_after: seconds }: Decision): void {
    const { whenRefused } = this.visitor;
    this.#refusals++;
    if (whenRefused === 'goes_on') return;
    if (whenRefused === 'leaves' || seconds === null || this.#refusals > REFUSALS_MAX) {
      this.#next = this.#visits.length;
      return;
    }
    this.#next--;
    this.#lateMs += 1000 * seconds;
  }
}

/**
 * A site and all its visitors in simulated time. Before every page the site asks the analytics server whether the request may pass, and
 * obeys; what it answered it reports, and the browsers tell what their scripts saw.
 */
export class LiveTraffic {
  readonly decided: DecidedRequest[] = [];
  readonly sent: SentEvent[] = [];
  /** What the answers to events told of sessions that are slowed down. */
  readonly throttled: ThrottledSession[] = [];
  readonly #time: SimulatedTime;
  readonly #travellers: ReadonlyMap<Visitor, Traveller>;
  readonly #lastDecisions = new Map<Visitor, Decision>();
  #scheduled: Happening<Consequence>[] = [];
  /** The server; another one after a restart. */
  client: SiteClient;

  constructor(itineraries: readonly Itinerary[], time: SimulatedTime, client: SiteClient) {
    this.#travellers = new Map(itineraries.map((itinerary) => [itinerary.visitor, new Traveller(itinerary, time.nowMs)]));
    this.#time = time;
    this.client = client;
  }

  /** Goes on until something is so, or to the end; says whether it was. */
  async run(until: () => boolean = () => false): Promise<boolean> {
    for (let nextMs = this.#nextMs(); nextMs < Number.POSITIVE_INFINITY; nextMs = this.#nextMs()) {
      const startMs = Math.max(this.#time.nowMs, Math.floor(nextMs / STEP_MS_WITH_PROGRAMS) * STEP_MS_WITH_PROGRAMS);
      const hasPrograms = [...this.#travellers.values()].some((each) => each.visitor.kind !== 'person' && each.nextMs < startMs + STEP_MS);
      await this.#step(startMs + (hasPrograms ? STEP_MS_WITH_PROGRAMS : STEP_MS));
      if (until()) return true;
    }
    return false;
  }

  /** What the site was last told about a visitor. */
  lastDecisionOn(visitor: Visitor): Decision | undefined {
    return this.#lastDecisions.get(visitor);
  }

  /** What the server says about a visitor now; nothing is shown or reported. */
  async ask(visitor: Visitor): Promise<Decision> {
    const [decision] = await this.client.decide([describe(visitor, 'https://www.example.test/', '', this.#time.nowMs)]);
    if (decision === undefined) throw new Error('nothing was decided');
    return decision;
  }

  #nextMs(): number {
    return Math.min(...[...this.#travellers.values()].map(({ nextMs }) => nextMs), ...this.#scheduled.map(({ atMs }) => atMs));
  }

  /** Everything that happens up to a time, in order: requests are decided about, then reported, then scripts tell what they saw. */
  async #step(endMs: number): Promise<void> {
    this.#time.advanceTo(endMs);
    const asked = [...this.#travellers.values()].flatMap((traveller) => traveller.take(endMs)).sort(byTime);
    const reported = asked.length === 0 ? [] : await this.#answer(asked);
    const due = this.#scheduled.filter(({ atMs }) => atMs <= endMs).sort(byTime);
    this.#scheduled = this.#scheduled.filter(({ atMs }) => atMs > endMs);
    for (const { atMs, visitor, what } of due) if (what.request !== undefined) reported.push(this.#report(visitor, atMs, what.request));
    reported.sort((one, other) => one.event.atMs - other.event.atMs);
    if (reported.length > 0) {
      this.sent.push(...reported.map(({ event }) => event));
      this.throttled.push(...(await this.client.report(reported.map(({ body }) => body))));
    }
    for (const { atMs, visitor, what } of due) if (what.message !== undefined) await this.#tell(visitor, atMs, what.message);
  }

  /** Asks about requests, answers them accordingly, and gives what is to be reported of it. */
  async #answer(asked: readonly Happening<Visit>[]): Promise<Reported[]> {
    const decisions = await this.client.decide(
      asked.map(({ atMs, visitor, what }) => describe(visitor, what.request.url, what.request.referrer, atMs)),
    );
    const reported: Reported[] = [];
    for (const [index, { atMs, visitor, what }] of asked.entries()) {
      const decision = decisions[index];
      if (decision === undefined) throw new Error('a decision is missing');
      this.decided.push({ visitor, decision });
      this.#lastDecisions.set(visitor, decision);
      if (!decision.allowed) {
        this.#travellers.get(visitor)?.refused(decision);
        reported.push(this.#report(visitor, atMs, { ...what.request, statusCode: 429, durationMs: 1, bytes: 200, isPage: false }));
        continue;
      }
      if (visitor.toldBy === 'server') reported.push(this.#report(visitor, atMs, what.request));
      else this.#scheduled.push({ atMs, visitor, what: { afterMs: 0, message: [pageViewOf(what.request)] } });
      for (const each of what.consequences) this.#scheduled.push({ atMs: atMs + each.afterMs, visitor, what: each });
    }
    return reported;
  }

  #report(visitor: Visitor, atMs: number, request: SiteRequest): Reported {
    const { url, method, statusCode, referrer, durationMs, bytes, isPage } = request;
    const event = this.#eventOf(visitor, atMs, isPage ? 'page_view' : 'request', referrer);
    const body = {
      id: event.id,
      type: 'http_request',
      timestamp: event.atMs,
      page_url: url,
      method,
      status_code: statusCode,
      response_bytes: bytes,
      duration_ms: Math.round(durationMs * 10) / 10,
      ip: visitor.ip,
      user_agent: visitor.userAgent,
      ...(referrer === '' ? {} : { referrer }),
    };
    return { event, body };
  }

  async #tell(visitor: Visitor, atMs: number, message: ScriptMessage): Promise<void> {
    const bodies = message.map((each) => {
      const event = this.#eventOf(visitor, atMs, each['type'] === 'page_view' ? 'page_view' : 'told', String(each['referrer'] ?? ''));
      this.sent.push(event);
      return { ...each, id: event.id, timestamp: event.atMs };
    });
    this.throttled.push(...(await this.client.tell(visitor, bodies)));
  }

  #made = 0;

  #eventOf(visitor: Visitor, atMs: number, kind: SentEvent['kind'], referrer: string): SentEvent {
    return { id: `sent-${this.#made++}`, visitor, atMs: Math.round(atMs), kind, referrer };
  }
}

function byTime(one: { readonly atMs: number }, other: { readonly atMs: number }): number {
  return one.atMs - other.atMs;
}

function describe({ ip, userAgent }: Visitor, url: string, referrer: string, atMs: number): Readonly<Record<string, unknown>> {
  return { ip, user_agent: userAgent, url, method: 'GET', timestamp: Math.round(atMs), ...(referrer === '' ? {} : { referrer }) };
}

function pageViewOf({ url, referrer }: SiteRequest): ScriptMessage[number] {
  return { type: 'page_view', page_url: url, ...(referrer === '' ? {} : { referrer }) };
}
