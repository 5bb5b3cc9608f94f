import type { ServerConfiguration } from '../../../src/configuration.js';
import type { ReceivedMessage } from '../../../src/live/testing/read-messages.js';
import { type RunningServer, startServer } from '../../../src/server/start-server.js';
import type { Report } from '../reports.js';
import { readServerFile } from '../server-program.js';
import { LiveReader } from './live-reader.js';
import { LiveTraffic, type SimulatedTime } from './live-traffic.js';
import { makePeople } from './people.js';
import { makePrograms, type Programs } from './programs.js';
import { makeProject, SiteClient, type SiteKeys } from './site-client.js';
import type { Visitor } from './visitor.js';

/** People who come on a day. */
export const PEOPLE = 200;

/** Why a session is taken for what it is, as `/v1/bots/sessions/{session_id}` answers. */
export interface Explanation {
  readonly traffic_class: string | null;
  readonly behavioral_bot_score: number;
  readonly behavioral_signals: readonly string[];
  readonly layered_score: number;
  readonly sentences: readonly string[];
}

/** How a session stands, as the live stream tells. */
export interface LiveSessionState {
  readonly change: string;
  readonly session_id: string;
  readonly page_views: number;
  readonly level: string;
  readonly traffic_class: string;
  readonly bot_score: number;
}

/** What became of an anomaly, as the live stream tells. */
export interface AnomalyChange {
  readonly change: string;
  readonly anomaly: Readonly<Record<string, unknown>>;
}

/** A day at a site: a real server over HTTP, its visitors in simulated time, and somebody who watches the live stream. */
export class SimulatedDay {
  readonly programs: Programs;
  readonly traffic: LiveTraffic;
  readonly keys: SiteKeys;
  /** Everything the live stream told, in order. */
  readonly messages: ReceivedMessage[];
  readonly #configuration: ServerConfiguration;
  readonly #time: SimulatedTime;
  readonly #sessionByEvent = new Map<string, string>();
  #server: RunningServer;
  #reader: LiveReader;

  private constructor(parts: {
    configuration: ServerConfiguration;
    time: SimulatedTime;
    server: RunningServer;
    keys: SiteKeys;
    reader: LiveReader;
    messages: ReceivedMessage[];
  }) {
    const { configuration, time, server, keys, reader, messages } = parts;
    this.#configuration = configuration;
    this.#time = time;
    this.#server = server;
    this.#reader = reader;
    this.keys = keys;
    this.messages = messages;
    this.programs = makePrograms(1);
    const itineraries = [...Object.values(this.programs), ...makePeople(PEOPLE, 1)];
    this.traffic = new LiveTraffic(itineraries, time, new SiteClient(server.url, keys));
  }

  /** Starts a server, makes a project with its keys and listens to the live stream. */
  static async open(configuration: ServerConfiguration, time: SimulatedTime, projectId: string): Promise<SimulatedDay> {
    const server = await startServer(configuration, { clock: () => time.nowMs });
    const keys = await makeProject(server.url, readServerFile(configuration.dataFolder).token, projectId);
    const messages: ReceivedMessage[] = [];
    const reader = await LiveReader.open(server.url, keys.read, (message) => messages.push(message));
    return new SimulatedDay({ configuration, time, server, keys, reader, messages });
  }

  /** Ends the server in order and starts it again on the same folder. */
  async restart(changes: Partial<ServerConfiguration> = {}): Promise<void> {
    await this.close();
    this.#server = await startServer({ ...this.#configuration, ...changes }, { clock: () => this.#time.nowMs });
    this.#reader = await LiveReader.open(this.#server.url, this.keys.read, (message) => this.messages.push(message));
    const requests = this.traffic.client.requests;
    this.traffic.client = new SiteClient(this.#server.url, this.keys);
    this.traffic.client.requests = requests;
  }

  /** The session that the live stream says an event belongs to, once it has told of it; empty for none. */
  async sessionOf(eventId: string): Promise<string> {
    await this.#reader.until(() => this.#sessions().has(eventId));
    return this.#sessions().get(eventId) ?? '';
  }

  /** The sessions of a visitor. */
  async sessionsOf(visitor: Visitor): Promise<readonly string[]> {
    const sessionIds = new Set<string>();
    for (const event of this.traffic.sent) if (event.visitor === visitor) sessionIds.add(await this.sessionOf(event.id));
    return [...sessionIds];
  }

  /** The only session of a visitor. */
  async onlySessionOf(visitor: Visitor): Promise<string> {
    const [sessionId, ...others] = await this.sessionsOf(visitor);
    if (sessionId === undefined || others.length > 0) throw new Error(`${visitor.name} has not exactly one session`);
    return sessionId;
  }

  /** What the server says about the only session of a visitor, as `bots explain` shows it. */
  async explain(visitor: Visitor): Promise<Explanation> {
    return this.traffic.client.read<Explanation>(`/v1/bots/sessions/${await this.onlySessionOf(visitor)}`);
  }

  report(name: string, query: Readonly<Record<string, string>> = {}): Promise<Report> {
    return this.traffic.client.read<Report>(`/v1/reports/${name}?${new URLSearchParams(query)}`);
  }

  /** What the live stream told of sessions, in order. */
  states(): LiveSessionState[] {
    return this.messages
      .filter(({ event }) => event === 'session')
      .map(({ data }) => ({
        change: String(data['change']),
        session_id: String(data['session_id']),
        page_views: Number(data['page_views']),
        level: String(data['level']),
        traffic_class: String(data['traffic_class']),
        bot_score: Number(data['bot_score']),
      }));
  }

  /** What the live stream told of anomalies, in order. */
  anomalies(): AnomalyChange[] {
    return this.messages.flatMap(({ event, data: { change, anomaly } }) =>
      event === 'anomaly' && isRecord(anomaly) ? [{ change: String(change), anomaly }] : [],
    );
  }

  /** Ends the server; the stream ends with it. */
  async close(): Promise<void> {
    await this.#server.close();
    await this.#reader.ended();
  }

  #readMessages = 0;

  #sessions(): ReadonlyMap<string, string> {
    for (; this.#readMessages < this.messages.length; this.#readMessages++) {
      const message = this.messages[this.#readMessages];
      if (message?.event === 'event') this.#sessionByEvent.set(String(message.data['event_id']), String(message.data['session_id']));
    }
    return this.#sessionByEvent;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
