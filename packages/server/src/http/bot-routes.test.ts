import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestServer, type TestServer } from './testing/test-server.js';

const NOW = Date.UTC(2026, 5, 1, 12);
let server: TestServer;
let key = '';
const ask = (path: string, body?: unknown, as = server.adminToken): ReturnType<TestServer['send']> =>
  server.send({ path: `/v1/bots/${path}`, key: as, ...(body === undefined ? {} : { body }) });

beforeAll(async () => {
  server = await openTestServer({ nowMs: NOW });
  key = await server.makeKey('read');
  const view = (sessionId: string, userAgent: string): Record<string, unknown> => ({
    type: 'page_view',
    session_id: sessionId,
    page_url: 'https://example.test/',
    user_agent: userAgent,
  });
  const answer = await server.send({
    path: '/v1/events',
    key: server.adminToken,
    body: [
      view('person', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'),
      view('gpt', 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)'),
      view('curl', 'curl/8.5.0'),
      { type: 'ai_request', session_id: 'calls', model: 'm' },
    ],
  });
  expect(answer.json()).toMatchObject({ accepted: 4 });
});
afterAll(() => server.close());

describe('an explanation', () => {
  it.each([
    ['person', 'human', /^It does not behave like a bot: 0 points\./],
    ['gpt', 'ai_crawler', /^The user agent is that of GPTBot of OpenAI, an AI crawler that comes for training\.$/],
    ['curl', 'bot', /^The user agent declares curl/],
    ['calls', null, /^Nothing in the session came from a web client\.$/],
  ])('of %s says %s and why', async (sessionId, trafficClass, sentence) => {
    const answer = await ask(`sessions/${sessionId}`, undefined, key);
    expect(answer.json()).toMatchObject({ session_id: sessionId, traffic_class: trafficClass, mark: null });
    expect((answer.json()['sentences'] as string[])[0]).toMatch(sentence);
  });

  it('needs a session that exists', async () => {
    expect((await ask('sessions/nobody')).json()).toMatchObject({ status: 404, code: 'unknown_session' });
  });
});

describe('a mark', () => {
  it('wins over the rules until it is taken back', async () => {
    expect((await ask('sessions/person/mark', { mark: 'bot', note: 'our own monitor' })).json()).toMatchObject({
      traffic_class: 'behavioral_bot',
      mark: 'bot',
      sentences: expect.arrayContaining(['A person marked the session as bot.']),
    });
    expect((await ask('sessions/curl/mark', { mark: 'human' })).json()).toMatchObject({ traffic_class: 'human', mark: 'human' });
    expect((await ask('sessions/person/mark', { mark: '' })).json()).toMatchObject({ traffic_class: 'human', mark: null });
    expect((await ask('sessions/curl/mark', { mark: '' })).json()).toMatchObject({ traffic_class: 'bot', mark: null });
  });

  it.each([[{ mark: 'robot' }], [{}], [{ mark: 'bot', note: 'x'.repeat(1001) }]])('%j is refused', async (body) => {
    expect((await ask('sessions/person/mark', body)).status).toBe(400);
  });

  it('is for admin keys only', async () => {
    expect((await ask('sessions/person/mark', { mark: 'bot' }, key)).json()).toMatchObject({ status: 403, code: 'forbidden' });
  });
});

describe('judging anew', () => {
  it('judges the web sessions of the range, each once', async () => {
    const day = { since: '2026-06-01', until: '2026-06-02' };
    expect((await ask('rescore', day)).json()).toEqual({ rescored: 3, next: null });
    expect((await ask('rescore', { since: '2026-05-01', until: '2026-06-01' })).json()).toEqual({ rescored: 0, next: null });
  });

  it.each([
    [{ since: '2026-06-01' }, 'missing_field'],
    [{ since: 'yesterday', until: '2026-06-02' }, 'invalid_parameter'],
    [{ since: '2026-06-02', until: '2026-06-01' }, 'invalid_parameter'],
  ])('%j is refused with %s', async (body, code) => {
    expect((await ask('rescore', body)).json()).toMatchObject({ code });
  });
});
