import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as sendRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRoutes, type TestRoutes } from '../anomalies/testing/open-routes.js';
import { observedPage } from '../live/testing/observed.js';
import { type ReceivedMessage, readMessages } from '../live/testing/read-messages.js';
import { expectProblem } from './testing/expect-problem.js';

let test: TestRoutes;
beforeEach(async () => {
  test = await openRoutes(Date.UTC(2026, 9, 5, 12), { subscribersMax: 3, waitingBytesMax: 64 * 1024 });
  await test.projects.create('shop');
});
afterEach(() => test.remove());

/** A client that reads the stream as it comes. */
class StreamClient {
  readonly response: IncomingMessage;
  readonly #sent: ClientRequest;
  #text = '';

  private constructor(sent: ClientRequest, response: IncomingMessage) {
    this.#sent = sent;
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      this.#text += part;
    });
    response.on('error', () => undefined);
  }

  static async open(path: string, headers: Record<string, string> = {}): Promise<StreamClient> {
    const sent = sendRequest({ host: '127.0.0.1', port: test.port, path, agent: false, headers });
    sent.on('error', () => undefined);
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const client = new StreamClient(sent, response);
    await client.until((text) => text.includes('retry:'));
    return client;
  }

  get text(): string {
    return this.#text;
  }

  get messages(): ReceivedMessage[] {
    return readMessages(this.#text);
  }

  /** Waits for data until the text is as wanted. */
  async until(isThere: (text: string) => boolean): Promise<void> {
    while (!isThere(this.#text)) await once(this.response, 'data');
  }

  async ended(): Promise<void> {
    if (!this.response.readableEnded) await once(this.response, 'end');
  }

  hangUp(): void {
    this.#sent.destroy();
  }
}

const view = (path: string, projectId = 'default') => observedPage({ projectId, path, timestampMs: test.time.nowMs });
const sent = (text: string) => (received: string) => received.includes(text);

describe('GET /v1/live', () => {
  it('streams what happens to a real client', async () => {
    const client = await StreamClient.open('/v1/live');
    expect(client.response.statusCode).toBe(200);
    expect(client.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    test.live.observe([view('/a')]);
    await client.until(sent('"/a"'));
    test.live.publishSessions(
      'default',
      [
        {
          change: 'opened' as const,
          session_id: 's',
          page_views: 1,
          level: 'normal',
          traffic_class: 'human',
          bot_score: 5,
        },
      ],
      (each) => each,
    );
    test.live.publishAnomaly('default', { change: 'opened' as const, anomaly: { anomaly_id: 'ano_1' } });
    await client.until(sent('ano_1'));
    expect(client.messages.map(({ event }) => event)).toEqual(['event', 'session', 'anomaly']);
    test.time.advance(15_000);
    await client.until(sent(': heartbeat\n\n'));
    client.hangUp();
  });

  it('goes on where a client was that lost the connection', async () => {
    const first = await StreamClient.open('/v1/live?types=event');
    test.live.observe([view('/a')]);
    await first.until(sent('"/a"'));
    first.hangUp();
    test.live.observe([view('/b')]);
    const again = await StreamClient.open('/v1/live?types=event', { 'last-event-id': first.messages.at(-1)?.id ?? '' });
    await again.until(sent('"/b"'));
    expect(again.messages.map(({ data }) => data['path'])).toEqual(['/b']);
    const stranger = await StreamClient.open('/v1/live', { 'last-event-id': 'of another process' });
    await stranger.until(sent('gap'));
    expect(stranger.messages.map(({ event }) => event)).toEqual(['gap']);
  });

  it('shows a key its own project', async () => {
    const authorization = `Bearer ${await test.makeKey('read', 'shop')}`;
    const client = await StreamClient.open('/v1/live?types=event,anomaly', { authorization });
    test.live.observe([view('/default'), view('/shop', 'shop')]);
    test.live.publishSessions(
      'shop',
      [
        {
          change: 'updated' as const,
          session_id: 's',
          page_views: 1,
          level: 'normal',
          traffic_class: 'human',
          bot_score: 5,
        },
      ],
      (each) => each,
    );
    test.live.publishAnomaly('shop', { last: true });
    await client.until(sent('last'));
    expect(client.messages.map(({ event, data }) => [event, data['path']])).toEqual([
      ['event', '/shop'],
      ['anomaly', undefined],
    ]);
  });

  it.each([
    ['/v1/live?types=', 'invalid_parameter', { path: 'types', detail: /types holds ""; allowed: event, session, anomaly/ }],
    ['/v1/live?types=event,events', 'invalid_parameter', { path: 'types', detail: /"events"; allowed/ }],
    ['/v1/live?type=event', 'unknown_parameter', { path: 'type' }],
    ['/v1/live?types=event&types=session', 'invalid_parameter', { path: 'types' }],
    ['/v1/live?project_id=shop', 'forbidden', { path: 'project_id' }],
  ] as const)('refuses %s', async (path, code, more) => {
    expectProblem(await test.send({ path }), code, more);
    expect(test.live.subscribers).toBe(0);
  });

  it('does not open a stream for HEAD', async () => {
    expect((await test.send({ path: '/v1/live', method: 'HEAD' })).status).toBe(404);
    expect(test.live.subscribers).toBe(0);
  });

  it('refuses keys that may not read', async () => {
    expectProblem(await test.send({ path: '/v1/live', key: await test.makeKey('write') }), 'forbidden');
    expectProblem(await test.send({ path: '/v1/live', key: 'wrong' }), 'unauthorized');
  });

  it('takes so many clients, and another one when one has gone', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => StreamClient.open('/v1/live')));
    const refused = await test.send({ path: '/v1/live' });
    expectProblem(refused, 'too_many_subscribers', { detail: /3 subscribers listen already; at most 3 may/ });
    expect(refused.headers['retry-after']).toBe('10');
    clients[0]?.hangUp();
    while (test.live.subscribers === 3) await new Promise((resolve) => setImmediate(resolve));
    const next = await StreamClient.open('/v1/live');
    test.live.observe([view('/a')]);
    await next.until(sent('"/a"'));
  });
});

describe('a client that does not read', () => {
  it('is dropped, and neither the others nor the sender wait for it', async () => {
    const reader = await StreamClient.open('/v1/live');
    const socket = connect(test.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    socket.write('GET /v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    while (test.live.subscribers < 2) await new Promise((resolve) => setImmediate(resolve));
    const path = `/${'x'.repeat(5000)}`;
    let dropped = false;
    for (let commit = 0; commit < 200 && !dropped; commit++) {
      test.live.observe(Array.from({ length: 200 }, (_, index) => view(`${path}${commit}-${index}`)));
      await reader.until((text) => text.slice(-10_000).includes(`x${commit}-199"`));
      test.time.advance(5_000);
      dropped = test.live.subscribers < 2;
    }
    expect(dropped).toBe(true);
    test.live.observe([view('/still')]);
    await reader.until(sent('/still'));
    expect(reader.messages.some(({ event }) => event === 'dropped')).toBe(false);
    socket.destroy();
  });
});

describe('the end of the server', () => {
  it('ends every stream with a reason and is not held up', async () => {
    const client = await StreamClient.open('/v1/live');
    const silent = connect(test.port, '127.0.0.1');
    silent.on('error', () => undefined);
    silent.pause();
    silent.write('GET /v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    while (test.live.subscribers < 2) await new Promise((resolve) => setImmediate(resolve));
    // More than a connection takes, so that something waits for the one that does not read.
    for (let commit = 0; commit < 40; commit++) test.live.observe(Array.from({ length: 200 }, () => view(`/${'y'.repeat(1000)}`)));
    const closing = test.server.close();
    await client.ended();
    await closing;
    expect(['closed', 'dropped']).toContain(client.messages.at(-1)?.event);
    expect(test.live.subscribers).toBe(0);
  });

  it('tells a client that reads that the server stops', async () => {
    const client = await StreamClient.open('/v1/live');
    await test.server.close();
    await client.ended();
    expect(client.messages).toEqual([{ id: undefined, event: 'closed', data: { reason: 'The server stops.' } }]);
  });
});
