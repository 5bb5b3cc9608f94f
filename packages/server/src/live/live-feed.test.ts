import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { LiveFeed, type LiveFeedOptions } from './live-feed.js';
import { LIVE_MESSAGE_TYPES, type LiveMessageType } from './live-message.js';
import type { LiveSubscription } from './live-subscription.js';
import { ManualTime } from './testing/manual-timer.js';
import { observed, observedPage } from './testing/observed.js';
import { type ReceivedMessage, readMessages } from './testing/read-messages.js';

const NOW_MS = Date.UTC(2026, 9, 5, 12);

interface Feed {
  readonly time: ManualTime;
  readonly feed: LiveFeed;
  subscribe(more?: { projectId?: string; types?: readonly LiveMessageType[]; lastId?: string }): LiveSubscription;
}

function openFeed(options: Partial<LiveFeedOptions> = {}): Feed {
  const time = new ManualTime(NOW_MS);
  const feed = new LiveFeed({ clock: time.clock, timer: time, ...options });
  return { time, feed, subscribe: (more = {}) => feed.subscribe({ projectId: 'default', types: LIVE_MESSAGE_TYPES, ...more }) };
}

/** What waits to be read now. */
function received(subscription: LiveSubscription): ReceivedMessage[] {
  const text: unknown = subscription.read();
  return typeof text === 'string' ? readMessages(text) : [];
}
const view = (path: string, projectId = 'default') => observedPage({ projectId, timestampMs: NOW_MS, path });
const session = { change: 'opened', session_id: 's1', page_views: 1, level: 'normal', traffic_class: 'human', bot_score: 0 } as const;
const paths = (messages: readonly ReceivedMessage[]): unknown[] =>
  messages.filter(({ event }) => event === 'event').map(({ data }) => data['path']);

describe('a subscriber', () => {
  it('receives what happens from now on', () => {
    const { feed, subscribe } = openFeed();
    feed.observe([view('/before')]);
    const subscription = subscribe();
    feed.observe([view('/a'), view('/b')]);
    feed.publishSessions('default', [session], (each) => each);
    feed.publishAnomaly('default', { change: 'opened', anomaly: { anomaly_id: 'ano_1' } });
    const messages = received(subscription);
    expect(messages.map(({ event }) => event)).toEqual(['event', 'event', 'session', 'anomaly']);
    expect(paths(messages)).toEqual(['/a', '/b']);
    expect(messages[2]?.data).toEqual(session);
    expect(messages[3]?.data).toEqual({ change: 'opened', anomaly: { anomaly_id: 'ano_1' } });
    expect(new Set(messages.map(({ id }) => id)).size).toBe(4);
  });

  it('receives events with an exact cost, and neither address nor user agent', () => {
    const { feed, subscribe } = openFeed();
    const subscription = subscribe();
    feed.observe([
      observed({
        timestampMs: NOW_MS,
        eventId: 'e-cost',
        sessionId: 's',
        userId: 'u',
        agent: 'a',
        model: 'm',
        tool: 't',
        costPicodollars: 123_456_789_012_345_678_901n,
        tokens: 7,
        durationMs: 12.5,
        ip: '203.0.113.77',
        userAgent: 'Secret/1.0',
        visitorId: 'fp-secret',
        referrer: 'https://secret.example/',
      }),
    ]);
    const [message] = received(subscription);
    expect(message?.data).toEqual({
      event_id: 'e-cost',
      type: 'ai_request',
      time: new Date(NOW_MS).toISOString(),
      session_id: 's',
      user_id: 'u',
      agent: 'a',
      tool: 't',
      model: 'm',
      path: '',
      method: '',
      status_code: null,
      failed: false,
      duration_ms: 12.5,
      cost_usd: '123456789.012345678901',
      tokens: 7,
      country: '',
      device_type: '',
      browser: '',
      bot_name: '',
    });
    expect(JSON.stringify(message)).not.toMatch(/203\.0\.113|Secret|fp-secret|secret\.example/);
  });

  it('receives the types it asked for, of its project only', () => {
    const { feed, subscribe } = openFeed();
    const sessions = subscribe({ types: ['session'] });
    const other = subscribe({ projectId: 'other' });
    feed.observe([view('/a'), view('/b', 'other')]);
    feed.publishSessions('default', [session], (each) => each);
    expect(received(sessions).map(({ event }) => event)).toEqual(['session']);
    expect(paths(received(other))).toEqual(['/b']);
  });

  it('receives any text whole', () => {
    const { feed, subscribe } = openFeed();
    const subscription = subscribe();
    const path = '/a\n\ndata: {}\r\nid: 1\u2028\u0000ü"';
    feed.observe([view(path)]);
    expect(paths(received(subscription))).toEqual([path]);
  });

  it('receives the last 200 events of a commit, and how many were left out', () => {
    const { feed, subscribe } = openFeed();
    const subscription = subscribe();
    feed.observe(Array.from({ length: 1000 }, (_, index) => view(`/${index}`)));
    const messages = received(subscription);
    expect(messages[0]).toMatchObject({ event: 'skipped', data: { events: 800 } });
    expect(paths(messages)).toEqual(Array.from({ length: 200 }, (_, index) => `/${800 + index}`));
  });

  it('receives nothing that was imported, but how much it was', () => {
    const { feed, subscribe } = openFeed();
    const subscription = subscribe();
    const late = (ageMs: number) => observedPage({ timestampMs: NOW_MS - ageMs, receivedMs: NOW_MS, path: `/${ageMs}` });
    feed.observe([late(0), late(86_400_000), late(5 * 60_000), late(5 * 60_000 + 1)]);
    const messages = received(subscription);
    expect(messages[0]).toMatchObject({ event: 'skipped', data: { events: 2 } });
    expect(paths(messages)).toEqual(['/0', '/300000']);
  });

  it('receives a heartbeat every 15 seconds, unless it does not read', () => {
    const { time, subscribe } = openFeed();
    const subscription = subscribe();
    subscription.read();
    time.advance(15_000);
    expect(subscription.read()).toBe(': heartbeat\n\n');
    time.advance(150_000);
    expect(subscription.read()).toBe(': heartbeat\n\n');
  });
});

describe('a subscriber that comes back', () => {
  it('receives what it missed, once', () => {
    const { feed, subscribe } = openFeed();
    const first = subscribe();
    feed.observe([view('/a'), view('/b')]);
    const lastId = received(first)[0]?.id ?? '';
    first.destroy();
    feed.observe([view('/c')]);
    feed.publishSessions('default', [session], (each) => each);
    const again = subscribe({ lastId, types: ['event'] });
    feed.observe([view('/d')]);
    expect(paths(received(again))).toEqual(['/b', '/c', '/d']);
    expect(received(subscribe({ lastId: received(subscribe({ lastId }))[2]?.id ?? '' })).map(({ event }) => event)).toEqual(['event']);
  });

  it('is told when messages in between are not known any more', () => {
    const { feed, subscribe } = openFeed({ ringMax: 10 });
    const first = subscribe();
    feed.observe([view('/0')]);
    const lastId = received(first)[0]?.id ?? '';
    for (let index = 0; index < 9; index++) feed.observe([view(`/${index}`)]);
    expect(received(subscribe({ lastId }))).toHaveLength(9);
    for (let index = 0; index < 30; index++) feed.observe([view(`/${index}`)]);
    expect(received(subscribe({ lastId })).map(({ event }) => event)).toEqual(['gap']);
  });

  it('has five minutes for it', async () => {
    const { time, feed, subscribe } = openFeed();
    const first = subscribe();
    feed.observe([view('/a')]);
    const lastId = received(first)[0]?.id ?? '';
    first.destroy();
    await once(first, 'close');
    time.advance(5 * 60_000);
    feed.observe([view('/b')]);
    const again = subscribe({ lastId });
    expect(paths(received(again))).toEqual(['/b']);
    again.destroy();
    await once(again, 'close');
    time.advance(5 * 60_000 + 1);
    feed.observe([view('/c')]);
    const late = subscribe({ lastId });
    feed.observe([view('/d')]);
    const messages = received(late);
    expect(messages.map(({ event }) => event)).toEqual(['gap', 'event']);
    const laterId = messages[1]?.id ?? '';
    feed.observe([view('/e')]);
    expect(paths(received(subscribe({ lastId: laterId })))).toEqual(['/e']);
  });

  it.each(['x', '', '1-1', 'zzz_1-99999999999999999999', '\u0000'])('with the id %j of another process is told so', (lastId) => {
    const { feed, subscribe } = openFeed();
    feed.observe([view('/a')]);
    expect(received(subscribe({ lastId })).map(({ event }) => event)).toEqual(['gap']);
  });

  it('is not taken for one of another project', () => {
    const { feed, subscribe } = openFeed();
    const first = subscribe();
    feed.observe([view('/a'), view('/b', 'other')]);
    const lastId = received(first)[0]?.id ?? '';
    expect(received(subscribe({ projectId: 'other', lastId })).map(({ event }) => event)).toEqual(['gap']);
  });
});

describe('a subscriber that does not read', () => {
  it('is told so, dropped, and closed; the others go on', () => {
    const { time, feed, subscribe } = openFeed({ waitingBytesMax: 2000 });
    const slow = subscribe();
    const quick = subscribe();
    for (let index = 0; index < 50; index++) {
      feed.observe([view(`/${index}`)]);
      expect(paths(received(quick))).toEqual([`/${index}`]);
    }
    expect(slow.readableLength).toBeLessThan(3000);
    expect(feed.subscribers).toBe(2);
    time.advance(5_000);
    expect(slow.destroyed).toBe(true);
    return new Promise<void>((resolve) => {
      setImmediate(() => {
        expect(feed.subscribers).toBe(1);
        resolve();
      });
    });
  });

  it('and reads on finds the reason at the end', async () => {
    const { feed, subscribe } = openFeed({ waitingBytesMax: 2000 });
    const slow = subscribe();
    for (let index = 0; index < 50; index++) feed.observe([view(`/${index}`)]);
    let text = '';
    for await (const part of slow) text += String(part);
    const messages = readMessages(text);
    expect(messages.at(-1)).toMatchObject({ event: 'dropped', data: { reason: expect.stringContaining('less than is sent') } });
    expect(messages.length).toBeLessThan(10);
  });
});

it('whoever keeps up may be sent more at once than may wait', () => {
  const { feed, subscribe } = openFeed({ waitingBytesMax: 2000 });
  const subscription = subscribe();
  subscription.read();
  for (let commit = 0; commit < 3; commit++) {
    feed.observe(Array.from({ length: 100 }, (_, index) => view(`/${index}`)));
    expect(received(subscription)).toHaveLength(100);
  }
});

describe('the feed', () => {
  it('takes only so many subscribers', () => {
    const { feed, subscribe } = openFeed({ subscribersMax: 2 });
    subscribe();
    const second = subscribe();
    expect(() => subscribe()).toThrow(
      expect.objectContaining({ code: 'too_many_subscribers', message: expect.stringContaining('at most 2') }),
    );
    second.destroy();
    return new Promise<void>((resolve) => {
      setImmediate(() => {
        subscribe();
        expect(feed.subscribers).toBe(2);
        resolve();
      });
    });
  });

  it('ends every stream when it closes, and sends nothing afterwards', async () => {
    const { feed, subscribe } = openFeed();
    const before = subscribe();
    feed.close();
    feed.close();
    feed.observe([view('/late')]);
    feed.publishSessions('default', [session], (each) => each);
    for (const subscription of [before, subscribe()]) {
      let text = '';
      for await (const part of subscription) text += String(part);
      expect(readMessages(text).map(({ event, data }) => [event, data['reason']])).toEqual([['closed', 'The server stops.']]);
    }
  });

  it('remembers 200 projects, and all that are listened to', () => {
    const { feed, subscribe } = openFeed();
    const first = subscribe({ projectId: 'p0' });
    for (let index = 0; index < 400; index++) feed.observe([view('/a', `p${index}`)]);
    feed.observe([view('/b', 'p0')]);
    expect(paths(received(first))).toEqual(['/a', '/b']);
  });

  it('writes nothing as text while nobody listens', () => {
    const { feed } = openFeed();
    let written = 0;
    const content = {
      toJSON: () => {
        written++;
        return {};
      },
    };
    feed.publishAnomaly('default', content);
    expect(written).toBe(0);
    const listening = [
      feed.subscribe({ projectId: 'default', types: ['anomaly'] }),
      feed.subscribe({ projectId: 'default', types: ['anomaly'] }),
    ];
    feed.publishAnomaly('default', content);
    expect(written).toBe(1);
    for (const subscription of listening) expect(received(subscription)).toHaveLength(1);
  });
});
