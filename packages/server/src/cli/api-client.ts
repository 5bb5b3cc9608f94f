import { AnalyticsError } from '@systemprompt-analytics/core';

/** A server and the key to talk to it with. */
export interface ServerAddress {
  /** Base address; a path prefix of a reverse proxy is kept. */
  readonly url: string;
  readonly key: string | undefined;
}

/** What an error answer says; the text parts of `application/problem+json`. */
export interface ProblemText {
  readonly title: string;
  readonly detail: string;
  readonly code: string;
  readonly help: string;
  readonly path: string;
}

/** The server answered, and refused. The code is text: a newer server may know codes this CLI does not. */
export class ServerProblem extends Error {
  readonly status: number;
  readonly problem: ProblemText;
  /** From `Retry-After`; undefined when the server names no time. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, problem: ProblemText, retryAfterSeconds: number | undefined) {
    super(problem.detail === '' ? problem.title : `${problem.title}: ${problem.detail}`);
    this.name = 'ServerProblem';
    this.status = status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** One request to the server's API. */
export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path from the server's base address, `/v1/reports`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/** Talks to one server. Every failure leaves as a {@link ServerProblem} or as `server_unreachable`. */
export class ApiClient {
  readonly address: ServerAddress;

  constructor(address: ServerAddress) {
    this.address = address;
  }

  /** The answer's body as sent. */
  async requestText(request: ApiRequest): Promise<string> {
    const response = await this.#send(request);
    const text = await this.#reachable(request.signal, () => response.text());
    if (response.ok) return text;
    throw new ServerProblem(response.status, readProblem(response.status, text), readRetryAfter(response.headers.get('retry-after')));
  }

  /** The answer's body read as JSON. */
  async requestJson(request: ApiRequest): Promise<unknown> {
    const text = await this.requestText(request);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new AnalyticsError(
        'server_unreachable',
        `What answers at ${this.address.url} is not systemprompt-analytics: ${request.path} is not JSON.`,
        {
          cause,
        },
      );
    }
  }

  /** Sends a JSON body and reads the JSON answer. */
  async postJson(
    path: string,
    body: Readonly<Record<string, unknown>>,
    query: Readonly<Record<string, string | undefined>> = {},
  ): Promise<unknown> {
    return this.requestJson({ method: 'POST', path, query, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  async #send(request: ApiRequest): Promise<Response> {
    const headers = new Headers(request.headers);
    if (this.address.key !== undefined) headers.set('authorization', `Bearer ${this.address.key}`);
    return this.#reachable(request.signal, () =>
      fetch(addressOf(this.address.url, request), {
        method: request.method ?? 'GET',
        headers,
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      }),
    );
  }

  async #reachable<Value>(signal: AbortSignal | undefined, work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (cause) {
      if (signal?.aborted === true) throw cause;
      throw new AnalyticsError('server_unreachable', `${this.address.url} does not answer (${reasonOf(cause)}).`, { cause });
    }
  }
}

/** The full address of a request. */
export function addressOf(baseUrl: string, request: Pick<ApiRequest, 'path' | 'query'>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {})) if (value !== undefined) query.append(name, value);
  const text = query.toString();
  return `${baseUrl.replace(/\/+$/, '')}${request.path}${text === '' ? '' : `?${text}`}`;
}

/** Is this an object whose fields can be looked at? */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field as text; empty when it is missing or no text. */
export function textField(record: Readonly<Record<string, unknown>>, name: string): string {
  const value = record[name];
  return typeof value === 'string' ? value : '';
}

/** The objects in a list field of an answer; a missing list is an answer of something else. */
export function recordsField(value: unknown, name: string): Readonly<Record<string, unknown>>[] {
  const list = isRecord(value) ? value[name] : undefined;
  if (Array.isArray(list)) return list.filter(isRecord);
  throw new AnalyticsError('internal', `The answer has no list "${name}"; are the server and this CLI of the same version?`);
}

/** A proxy in between may answer with a page of its own: its first words are the detail then. */
function readProblem(status: number, text: string): ProblemText {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  if (!isRecord(body)) return { title: `HTTP ${status}`, detail: text.trim().slice(0, 200), code: '', help: '', path: '' };
  return {
    title: textField(body, 'title') || `HTTP ${status}`,
    detail: textField(body, 'detail'),
    code: textField(body, 'code'),
    help: textField(body, 'help'),
    path: textField(body, 'path'),
  };
}

/** Seconds, or the date form of RFC 9110. */
function readRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}

/** `fetch failed` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause;
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message || cause.name;
  return error.message;
}
