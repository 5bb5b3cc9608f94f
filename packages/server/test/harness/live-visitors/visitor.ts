/** What a visitor of the simulated site is in truth. */
export type VisitorKind = 'person' | 'crawler' | 'scripted_browser' | 'search_engine' | 'ai_crawler' | 'scanner';

/** Somebody, or something, that visits the simulated site. */
export interface Visitor {
  readonly name: string;
  readonly kind: VisitorKind;
  readonly ip: string;
  readonly userAgent: string;
  /** Who tells of the pages it sees: the web server that answers, or a script in its browser where there is no server to tell. */
  readonly toldBy: 'server' | 'script';
  /** What it does when the site refuses it: asks for the next page all the same, waits as it is told and asks again, or goes away. */
  readonly whenRefused: 'goes_on' | 'waits' | 'leaves';
}

/** A request that the web server answers. */
export interface SiteRequest {
  readonly url: string;
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** What the site answers when it lets the request pass. */
  readonly statusCode: number;
  /** Empty for none. */
  readonly referrer: string;
  readonly durationMs: number;
  readonly bytes: number;
  /** Does the answer show a page? */
  readonly isPage: boolean;
}

/** What the script in the browser tells of a page, in one message. */
export type ScriptMessage = readonly Readonly<Record<string, unknown>>[];

/** What a page causes after it was shown: requests for its assets, and what the script tells. */
export interface Consequence {
  /** After the page was asked for, in milliseconds. */
  readonly afterMs: number;
  readonly request?: SiteRequest;
  readonly message?: ScriptMessage;
}

/** One request that the site decides about, and what follows when it is let pass. */
export interface Visit {
  /** Since the start of the simulation, in milliseconds. */
  readonly atMs: number;
  readonly request: SiteRequest;
  readonly consequences: readonly Consequence[];
}

/** Everything that a visitor is going to do unless it is refused, in order of time. */
export interface Itinerary {
  readonly visitor: Visitor;
  readonly visits: readonly Visit[];
}
