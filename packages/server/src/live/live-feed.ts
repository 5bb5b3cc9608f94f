import { AnalyticsError } from '@systemprompt-analytics/core';
import type { Timer } from '../timer.js';
import { LiveChannel, serverSentEvent } from './live-channel.js';
import { type LiveMessageType, type LiveSessionMessage, liveEventOf, shownPartOf } from './live-message.js';
import { LiveSubscription } from './live-subscription.js';
import type { EventObserver, ObservedEvent } from './observed-event.js';

/** An empty line to the reader: proxies and clients see that the connection lives. */
const HEARTBEAT = ': heartbeat\n\n';
const HEARTBEAT_MS = 15_000;
/** Clients that lost the connection wait so long before they connect again. */
const RETRY_MS = 3_000;
/**
 * Of one commit so many events of a project are sent, the latest; how many were left out is said. Nobody reads thousands a
 * second, and writing them as text would cost the ingest as much as storing them.
 */
const EVENTS_PER_COMMIT_MAX = 200;
/** And likewise of sessions. */
const SESSIONS_PER_COMMIT_MAX = 200;
const CLOSED_REASON = 'The server stops.';
/** Who was dropped for reading slowly has so long to read what was sent before. */
const DROPPED_MS_MAX = 5_000;
/** What arrives so long after it happened was imported and is not happening now. */
const LATE_MS_MAX = 5 * 60_000;
/** Projects whose last messages are remembered. */
const CHANNELS_MAX = 200;

export interface LiveFeedOptions {
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** Sends the heartbeats. */
  readonly timer?: Timer | undefined;
  /** Messages of a project that a subscriber who comes back is sent. @default 500 */
  readonly ringMax?: number;
  /** Characters that may wait for a subscriber. @default 1 MiB */
  readonly waitingBytesMax?: number;
  /** @default 100 */
  readonly subscribersMax?: number;
}

export interface LiveSubscriptionOptions {
  readonly projectId: string;
  readonly types: readonly LiveMessageType[];
  /** Id of the last message received, to go on after it. */
  readonly lastId?: string | undefined;
}

/**
 * What happens now, for those who watch: stored events, sessions and anomalies, per project. Nothing here waits for a
 * subscriber.
 *
 * @example
 * const live: LiveFeed = product.live;
 * const subscription = live.subscribe({ projectId: 'default', types: ['event'] });
 */
export class LiveFeed implements EventObserver {
  readonly #clock: () => number;
  readonly #timer: Timer | undefined;
  readonly #ringMax: number;
  readonly #waitingBytesMax: number;
  readonly #subscribersMax: number;
  readonly #epoch: string;
  readonly #channels = new Map<string, LiveChannel>();
  readonly #subscriptions = new Set<LiveSubscription>();
  #channelsMade = 0;
  #beating = false;
  #closed = false;

  constructor({ clock, timer, ringMax = 500, waitingBytesMax = 1024 * 1024, subscribersMax = 100 }: LiveFeedOptions) {
    this.#clock = clock;
    this.#timer = timer;
    this.#ringMax = ringMax;
    this.#waitingBytesMax = waitingBytesMax;
    this.#subscribersMax = subscribersMax;
    this.#epoch = clock().toString(36);
  }

  /** How many listen. */
  get subscribers(): number {
    return this.#subscriptions.size;
  }

  /** May somebody want to know what happens in a project now? */
  isAwake(projectId: string): boolean {
    return this.#awakeChannelOf(projectId) !== undefined;
  }

  /** Sends stored events on. */
  observe(events: readonly ObservedEvent[]): void {
    const ofProjects = new Map<string, ObservedEvent[]>();
    for (const event of events) {
      if (!this.isAwake(event.projectId)) continue;
      const known = ofProjects.get(event.projectId);
      if (known === undefined) ofProjects.set(event.projectId, [event]);
      else known.push(event);
    }
    for (const [projectId, ofProject] of ofProjects) {
      const channel = this.#channelOf(projectId);
      const shown = ofProject.filter(isRecent).slice(-EVENTS_PER_COMMIT_MAX);
      const leftOut = ofProject.length - shown.length;
      if (leftOut > 0) channel.tell('event', serverSentEvent('skipped', { events: leftOut }));
      channel.send('event', shown, (event) => {
        const part = shownPartOf(event);
        return () => liveEventOf(part);
      });
    }
  }

  /**
   * Sends on how sessions stand after a commit.
   *
   * @param messageOf called at once, and only if somebody may want to know
   */
  publishSessions<Session>(projectId: string, sessions: readonly Session[], messageOf: (session: Session) => LiveSessionMessage): void {
    const channel = this.#awakeChannelOf(projectId);
    if (channel === undefined) return;
    const shown = sessions.slice(-SESSIONS_PER_COMMIT_MAX);
    const leftOut = sessions.length - shown.length;
    if (leftOut > 0) channel.tell('session', serverSentEvent('skipped', { sessions: leftOut }));
    channel.send('session', shown, (session) => {
      const message = messageOf(session);
      return () => message;
    });
  }

  /** Sends on what became of an anomaly. */
  publishAnomaly(projectId: string, change: object): void {
    this.#awakeChannelOf(projectId)?.send('anomaly', [change], (each) => () => each);
  }

  /**
   * A stream of the messages of a project from now on, or from where the subscriber was. Where some of them are lost, it says so
   * with a message `gap` first.
   *
   * @throws AnalyticsError `too_many_subscribers` when too many listen
   */
  subscribe({ projectId, types, lastId }: LiveSubscriptionOptions): LiveSubscription {
    if (this.#subscriptions.size >= this.#subscribersMax) {
      throw new AnalyticsError(
        'too_many_subscribers',
        `${this.#subscriptions.size} subscribers listen already; at most ${this.#subscribersMax} may.`,
        {
          retryAfterSeconds: 10,
        },
      );
    }
    const subscription = new LiveSubscription(new Set(types), this.#waitingBytesMax);
    const channel = this.#channelOf(projectId);
    subscription.receive(`retry: ${RETRY_MS}\n\n`);
    if (lastId !== undefined) {
      const missed = channel.after(lastId, subscription.types);
      subscription.receive(missed ?? serverSentEvent('gap', { reason: 'Messages since the last one received are not known any more.' }));
    }
    channel.add(subscription);
    this.#subscriptions.add(subscription);
    subscription.once('finished', () => {
      channel.remove(subscription);
      // What waits for it takes memory until it is read, so it counts as a subscriber until then.
      this.#timer?.after(DROPPED_MS_MAX, () => subscription.destroy());
    });
    subscription.once('close', () => {
      channel.remove(subscription);
      this.#subscriptions.delete(subscription);
    });
    if (this.#closed) subscription.finish('closed', CLOSED_REASON);
    this.#beat();
    return subscription;
  }

  /** Forgets what a project was told so far: something of it was erased. */
  forget(projectId: string): void {
    this.#channels.get(projectId)?.forget();
  }

  /** Ends every stream; nothing is sent afterwards. */
  close(): void {
    this.#closed = true;
    for (const subscription of this.#subscriptions) subscription.finish('closed', CLOSED_REASON);
  }

  #awakeChannelOf(projectId: string): LiveChannel | undefined {
    const channel = this.#closed ? undefined : this.#channels.get(projectId);
    return channel?.isAwake === true ? channel : undefined;
  }

  #channelOf(projectId: string): LiveChannel {
    const known = this.#channels.get(projectId);
    if (known !== undefined) return known;
    if (this.#channels.size >= CHANNELS_MAX) this.#forgetUnheard();
    const made = new LiveChannel(`${this.#epoch}_${++this.#channelsMade}`, this.#ringMax, this.#clock);
    this.#channels.set(projectId, made);
    return made;
  }

  #forgetUnheard(): void {
    for (const [projectId, channel] of this.#channels) {
      if (channel.isHeard) continue;
      this.#channels.delete(projectId);
      return;
    }
  }

  #beat(): void {
    if (this.#beating || this.#timer === undefined) return;
    this.#beating = true;
    this.#timer.after(HEARTBEAT_MS, () => {
      this.#beating = false;
      // For one that does not read, what waits already is sign enough.
      for (const subscription of this.#subscriptions) if (subscription.readableLength === 0) subscription.receive(HEARTBEAT);
      if (this.#subscriptions.size > 0) this.#beat();
    });
  }
}

/** Did an event happen just now? What was imported is not happening. */
export function isRecent({ receivedMs, timestampMs }: Pick<ObservedEvent, 'receivedMs' | 'timestampMs'>): boolean {
  return receivedMs - timestampMs <= LATE_MS_MAX;
}
