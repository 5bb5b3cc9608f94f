import { type LoopbackServer, type ReceivedRequest, startLoopbackServer, type TestAnswer } from '../../testing/loopback-server.js';

/** An event as it arrived. */
export interface ReceivedEvent {
  readonly id: string;
  readonly timestamp: string;
  readonly page_url: string;
  readonly [field: string]: unknown;
}

/** A server that stores events by id, as the real one does, and answers with counts. */
export interface LogServer {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Bodies of the requests to judge sessions anew, which are not among the others. */
  readonly rescores: readonly unknown[];
  /** Answers these instead. */
  refuseRescore: TestAnswer | undefined;
  /** Events in the order of their first arrival. */
  readonly events: readonly ReceivedEvent[];
  /** Answers that are given before the usual one. */
  readonly answers: TestAnswer[];
  /** Called with each request before it is answered. */
  onRequest: () => void;
  close(): Promise<void>;
}

export async function startLogServer(): Promise<LogServer> {
  const stored = new Map<string, ReceivedEvent>();
  const answers: TestAnswer[] = [];
  const rescores: unknown[] = [];
  const answer = (request: ReceivedRequest): TestAnswer => {
    if (isRescore(request)) {
      rescores.push(JSON.parse(request.body));
      if (logServer.refuseRescore !== undefined) return logServer.refuseRescore;
      return { body: { rescored: 1, next: null } };
    }
    logServer.onRequest();
    const scripted = answers.shift();
    if (scripted !== undefined) return scripted;
    const lines = request.body.split('\n').filter((line) => line !== '');
    const before = stored.size;
    for (const line of lines) {
      const event = JSON.parse(line) as ReceivedEvent;
      if (!stored.has(event.id)) stored.set(event.id, event);
    }
    const accepted = stored.size - before;
    return { body: { accepted, duplicates: lines.length - accepted, rejected: [] } };
  };
  const server: LoopbackServer = await startLoopbackServer(answer);
  const logServer: LogServer = {
    url: server.url,
    get requests() {
      return server.requests.filter((request) => !isRescore(request));
    },
    rescores,
    refuseRescore: undefined,
    get events() {
      return [...stored.values()];
    },
    answers,
    onRequest: () => undefined,
    close: server.close,
  };
  return logServer;
}

function isRescore({ url }: ReceivedRequest): boolean {
  return url.startsWith('/v1/bots/rescore');
}

/** A combined line: second of 1 March 2026, path. */
export function logLine(second: number, path: string, headers = '"-" "Mozilla/5.0"'): string {
  const time = new Date(Date.UTC(2026, 2, 1) + second * 1000).toISOString();
  return `192.0.2.${second % 250} - - [01/Mar/2026:${time.slice(11, 19)} +0000] "GET ${path} HTTP/1.1" 200 5 ${headers}\n`;
}

/** The paths of events, in their order. */
export function pathsOf(events: readonly ReceivedEvent[]): string[] {
  return events.map((event) => new URL(event.page_url).pathname);
}
