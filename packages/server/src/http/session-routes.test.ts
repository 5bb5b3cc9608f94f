import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from './testing/expect-problem.js';
import { openTestServer, type TestServer } from './testing/test-server.js';

let server: TestServer;
let secret = '';

beforeAll(async () => {
  server = await openTestServer();
  secret = await server.makeKey('secret');
});
afterAll(() => server.close());

describe('a session', () => {
  it.each(['session_id', 'user_id', 'fingerprint'])('is opened with a %s as long as that of an event, and no longer', async (name) => {
    const open = (length: number) =>
      server.send({ path: '/v1/sessions', key: secret, body: { session_id: `of-${name}`, [name]: 'x'.repeat(length) } });
    expect((await open(256)).status).toBe(201);
    const message = `${name} has 257 characters; at most 256 are allowed.`;
    const problem = await open(257);
    expectProblem(problem, 'too_long', { path: name });
    expect(problem.json()['detail']).toBe(message);
    const event = { type: 'page_view', page_url: 'https://shop.example/', [name]: 'x'.repeat(257) };
    const answer = await server.send({ path: '/v1/events', key: secret, body: [event] });
    expect(answer.json()).toMatchObject({ rejected: [{ code: 'too_long', path: name, message }] });
  });

  it('is given to a user whose id is no longer than that of an event', async () => {
    await server.send({ path: '/v1/sessions', key: secret, body: { session_id: 'given' } });
    const give = (length: number) => server.send({ path: '/v1/sessions/given/user', key: secret, body: { user_id: 'u'.repeat(length) } });
    expectProblem(await give(300), 'too_long', { path: 'user_id' });
    expect((await give(256)).status).toBe(200);
  });
});

describe('an event with a bad value', () => {
  it('is refused, and those beside it are taken', async () => {
    const view = { type: 'page_view', page_url: 'https://shop.example/' };
    const body = [
      { ...view, ip: '300.1.1.1' },
      { ...view, ip: '192.0.2.1' },
      { ...view, page_url: 'javascript:alert(1)' },
      { type: 'link_click', page_url: 'https://shop.example/', target_url: 'mailto:ada@shop.example' },
    ];
    const answer = await server.send({ path: '/v1/events', key: secret, body });
    expect(answer.json()).toMatchObject({
      accepted: 2,
      rejected: [
        { index: 0, code: 'invalid_value', path: 'ip', message: 'ip is "300.1.1.1"; it is an IPv4 or IPv6 address.' },
        {
          index: 2,
          code: 'invalid_value',
          path: 'page_url',
          message: 'page_url is "javascript:alert(1)"; it is an absolute http or https address.',
        },
      ],
    });
    const pages = await server.send({ path: '/v1/reports/traffic/pages?include=all&since=1d' });
    expect(pages.status).toBe(200);
    expect(pages.text).not.toContain('alert');
  });
});
