import type { Visitor } from './visitor.js';

/** The keys of a project, by who has them. */
export interface SiteKeys {
  /** Of the web server. */
  readonly secret: string;
  /** In every page. */
  readonly write: string;
  /** Of whoever looks at reports. */
  readonly read: string;
}

/** What the server says about one request of the site. */
export interface Decision {
  readonly level: string;
  readonly level_number: number;
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly retry_after: number | null;
  readonly reason: string;
  readonly bot_score: number;
}

/** A session that is slowed down, as the answer to reported events tells. */
export interface ThrottledSession {
  readonly session_id: string;
  readonly level: string;
  readonly allowed: boolean;
  readonly reason: string;
}

interface IngestAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly unknown[];
  readonly throttled?: readonly ThrottledSession[];
}

type Json = Readonly<Record<string, unknown>>;

/** Talks to an analytics server over HTTP, as a site's web server, as the browsers of its visitors and as whoever reads its reports. */
export class SiteClient {
  readonly url: string;
  readonly keys: SiteKeys;
  /** HTTP requests made so far. */
  requests = 0;

  constructor(url: string, keys: SiteKeys) {
    this.url = url;
    this.keys = keys;
  }

  /** May these requests pass? One answer for each. */
  async decide(descriptions: readonly Json[]): Promise<readonly Decision[]> {
    const answer = await this.#post<{ decisions: Decision[]; rejected: unknown[] }>('/v1/decisions', descriptions, this.keys.secret);
    if (answer.rejected.length > 0 || answer.decisions.length !== descriptions.length) throw new Error(JSON.stringify(answer));
    return answer.decisions;
  }

  /** Reports what the web server answered; gives the sessions that are slowed down. */
  async report(events: readonly Json[]): Promise<readonly ThrottledSession[]> {
    return taken(await this.#post<IngestAnswer>('/v1/events', events, this.keys.secret), events);
  }

  /** Sends what the script in the browser of a visitor tells: from the visitor's address, through the site's proxy. */
  async tell(visitor: Pick<Visitor, 'ip' | 'userAgent'>, events: readonly Json[]): Promise<readonly ThrottledSession[]> {
    const headers = { 'x-forwarded-for': visitor.ip, 'user-agent': visitor.userAgent, origin: 'https://www.example.test' };
    return taken(await this.#post<IngestAnswer>('/v1/events', events, this.keys.write, headers), events);
  }

  /** Reads something with the key of a reader. */
  async read<Answer>(path: string): Promise<Answer> {
    this.requests++;
    const response = await fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${this.keys.read}` } });
    return answerOf<Answer>(path, response);
  }

  async #post<Answer>(path: string, body: unknown, key: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    this.requests++;
    const response = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return answerOf<Answer>(path, response);
  }
}

/** Makes a project with its keys, as the administrator of the server does. */
export async function makeProject(url: string, adminToken: string, projectId: string): Promise<SiteKeys> {
  const post = async <Answer>(path: string, body: Json): Promise<Answer> => {
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
    return answerOf<Answer>(path, await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) }));
  };
  await post('/v1/projects', { project_id: projectId });
  const makeKey = async (kind: string): Promise<string> => (await post<{ key: string }>('/v1/keys', { project_id: projectId, kind })).key;
  return { secret: await makeKey('secret'), write: await makeKey('write'), read: await makeKey('read') };
}

async function answerOf<Answer>(path: string, response: Response): Promise<Answer> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Answer;
}

function taken({ accepted, duplicates, rejected, throttled = [] }: IngestAnswer, events: readonly Json[]): readonly ThrottledSession[] {
  if (accepted !== events.length) throw new Error(`of ${events.length} events ${JSON.stringify({ accepted, duplicates, rejected })}`);
  return throttled;
}
