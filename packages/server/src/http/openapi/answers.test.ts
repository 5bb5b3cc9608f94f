import { once } from 'node:events';
import { type IncomingMessage, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMessages } from '../../live/testing/read-messages.js';
import { describeReport, REPORTS } from '../../reports/registry.js';
import { openTestServer, type TestAnswer, type TestServer } from '../testing/test-server.js';
import type { JsonValue } from './json.js';
import { named } from './schemas.js';
import { ApiDocument, type ApiOperation } from './testing/api-document.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const MINUTE_MS = 60_000;
const clock = { nowMs: Date.UTC(2026, 2, 2, 12) };

let server: TestServer;
let api: ApiDocument;
beforeAll(async () => {
  server = await openTestServer({ clock: () => clock.nowMs });
  api = new ApiDocument((await server.send({ path: '/openapi.json' })).json());
});
afterAll(() => server.close());

/** Sends events as a server does that speaks for its visitors. */
async function events(...sent: readonly object[]): Promise<void> {
  const answer = await server.send({ path: '/v1/events', body: sent });
  expect(answer.json()).toMatchObject({ accepted: sent.length, rejected: [] });
  // A minute is judged when it is over.
  clock.nowMs += 2 * MINUTE_MS;
  await server.product.anomalies.tick();
}

const view = (id: string, sessionId: string, fingerprint: string, userAgent = FIREFOX): object => ({
  id,
  type: 'page_view',
  session_id: sessionId,
  fingerprint,
  user_agent: userAgent,
  page_url: 'https://example.com/docs',
});

interface Step {
  readonly operation: string;
  /** What happens before. */
  readonly before?: () => Promise<void>;
  /** Values of parameters in the path that are made by chance. */
  readonly path?: () => Promise<Readonly<Record<string, string>>>;
}

const listedId = async (path: string, list: string, field: string): Promise<Readonly<Record<string, string>>> => {
  const answer = await server.send({ path, key: server.adminToken });
  const found = answer.json()[list] as readonly Readonly<Record<string, string>>[];
  return { [field]: found.at(-1)?.[field] ?? '' };
};

/** One after the other on one server: what a step does is there in the next ones. */
const STEPS: readonly Step[] = [
  { operation: 'createSession' },
  { operation: 'getSession' },
  { operation: 'touchSession' },
  { operation: 'convertSession' },
  { operation: 'giveSession' },
  { operation: 'endSession' },
  { operation: 'decide' },
  { operation: 'sendEvents' },
  { operation: 'sendTraces' },
  { operation: 'listFingerprints' },
  { operation: 'getFingerprint' },
  { operation: 'flagFingerprint' },
  { operation: 'clearFingerprint' },
  { operation: 'explainSession', before: () => events(view('crawl', 'visit-2', 'crawler-1', 'GPTBot/1.2')) },
  { operation: 'markSession' },
  { operation: 'rescoreSessions' },
  { operation: 'backfillSessions' },
  {
    operation: 'listAnomalies',
    before: () => events(...Array.from({ length: 20 }, (_, index) => view(`hurry-${index}`, `hurry-${index % 4}`, 'browser-hurry'))),
  },
  { operation: 'getAnomaly', path: () => listedId('/v1/anomalies', 'anomalies', 'anomaly_id') },
  { operation: 'setThreshold' },
  { operation: 'resetThreshold' },
  { operation: 'listThresholds' },
  { operation: 'createProject' },
  { operation: 'createKey' },
  { operation: 'revokeKey', path: () => listedId('/v1/keys', 'keys', 'key_id') },
  { operation: 'listProjects' },
  { operation: 'listKeys' },
  { operation: 'erase' },
  { operation: 'listReports' },
  { operation: 'health' },
  { operation: 'openapi' },
];

/** What is made by chance is shown by its beginning; how many rows an erased session had depends on when it was judged. */
function comparable(value: unknown): unknown {
  const text = JSON.stringify(value, (name, each) => (name === 'erased_rows' ? Object.keys(each) : each))
    .replace(/"(ano|key)_[\w-]{12}"/g, '"$1_"')
    .replace(/"sa_(\w+?)_[\w-]+"/g, '"sa_$1_"');
  return JSON.parse(text);
}

async function ask(operation: ApiOperation, pathValues: Readonly<Record<string, string>> = {}): Promise<TestAnswer> {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const example = operation.parameters.find((parameter) => parameter.in === 'path' && parameter.name === name)?.example;
    return encodeURIComponent(pathValues[name] ?? example ?? '');
  });
  const body = operation.requestBody?.content['application/json']?.example;
  return server.send({ method: operation.method, path, key: server.adminToken, ...(body === undefined ? {} : { body }) });
}

describe('the examples of the document', () => {
  it.each(STEPS)('$operation is answered as it says', async ({ operation: id, before, path }) => {
    await before?.();
    const operation = api.operation(id);
    const request = operation.requestBody?.content['application/json'];
    if (request !== undefined) expect(api.faultsOf(request.schema, request.example)).toEqual([]);
    const answer = await ask(operation, await path?.());
    const success = Object.entries(operation.responses).find(([status]) => status.startsWith('2'));
    expect({ status: String(answer.status), text: answer.text }).toEqual({ status: success?.[0], text: answer.text });
    const content = success?.[1].content?.['application/json'];
    if (content === undefined) {
      expect(answer.text).toBe('');
      return;
    }
    expect(api.faultsOf(content.schema, answer.json())).toEqual([]);
    if (content.example !== undefined) {
      expect(api.faultsOf(content.schema, content.example)).toEqual([]);
      expect(comparable(answer.json())).toEqual(comparable(content.example));
    }
  });

  it('are all of them tried out', () => {
    const tried = STEPS.map(({ operation }) => operation);
    const others = api.operations.filter(({ operationId, path }) => !tried.includes(operationId) && !path.startsWith('/v1/reports/'));
    expect(others.map(({ operationId }) => operationId)).toEqual(['live']);
  });
});

it('an answer that tells of sessions which are slowed down is as the document says', async () => {
  const visit = Array.from({ length: 40 }, (_, index) => view(`flood-${index}`, 'flood', 'browser-flood'));
  const answer = await server.send({ path: '/v1/events', body: visit });
  expect(answer.json()['throttled']).toEqual([
    { session_id: 'flood', level: 'warning', level_number: 1, allowed: true, reason: expect.stringContaining('31 requests') },
  ]);
  expect(api.faultsOf(named('IngestAnswer'), answer.json())).toEqual([]);
  const body = { requests: [{ session_id: 'flood', fingerprint: 'browser-flood', path: '/docs', timestamp: null }] };
  const decided = await server.send({ path: '/v1/decisions', body });
  expect(decided.json()['decisions']).toMatchObject([{ level: 'warning', allowed: true, limit: 30, remaining: 29 }]);
  const { requestBody, responses } = api.operation('decide');
  expect(api.faultsOf(requestBody?.content['application/json']?.schema ?? { not: {} }, body)).toEqual([]);
  expect(api.faultsOf(responses['200']?.content?.['application/json']?.schema ?? { not: {} }, decided.json())).toEqual([]);
});

describe('the reports', () => {
  beforeAll(() =>
    events(
      {
        id: 'call',
        type: 'ai_request',
        session_id: 'chat',
        user_id: 'ada',
        agent: 'billing',
        model: 'gpt-4o',
        provider: 'openai',
        input_tokens: 9,
      },
      { id: 'tool', type: 'tool_execution', session_id: 'chat', agent: 'billing', tool: 'search', duration_ms: 12 },
      { id: 'task', type: 'agent_task', session_id: 'chat', agent: 'billing', task_id: 't1', status: 'completed' },
      { id: 'said', type: 'message', session_id: 'chat', context_id: 'c1', role: 'user', content_length: 3 },
    ),
  );

  it.each(REPORTS.map((report) => describeReport(report)))('$path is answered as the document says', async ({ path, parameters }) => {
    const operation = api.operations.find((each) => each.path === path);
    const needed = parameters
      .filter(({ required }) => required === true)
      .map(({ name }) => `${name}=${name === 'tool' ? 'search' : 'billing'}`);
    const answer = await server.send({ path: `${path}?${needed.join('&')}`, key: server.adminToken });
    expect(answer.status).toBe(200);
    const schema = operation?.responses['200']?.content?.['application/json']?.schema ?? { not: {} };
    expect(api.faultsOf(schema, answer.json())).toEqual([]);
  });
});

describe('GET /v1/live', () => {
  it('sends messages as the document says', async () => {
    const { port } = server.http.server.address() as AddressInfo;
    const sent = sendRequest({ host: '127.0.0.1', port, path: '/v1/live?types=event,session,anomaly', agent: false });
    sent.on('error', () => undefined);
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.setEncoding('utf8');
    let text = '';
    response.on('data', (part: string) => {
      text += part;
    });
    const receive = async (event: string): Promise<void> => {
      while (!text.includes(`event: ${event}`)) await once(response, 'data');
    };
    const at = new Date(clock.nowMs).toISOString();
    await events(view('view-3', 'visit-3', 'browser-b1c0'));
    await receive('event');
    await events(...Array.from({ length: 20 }, (_, index) => view(`rush-${index}`, 'rush', 'browser-rush')));
    await receive('anomaly');
    const example = String(api.operation('live').responses['200']?.content?.['text/event-stream']?.example);
    const messages = readMessages(text);
    const shown = readMessages(example).map(({ event, data }) => ({ event, data: 'time' in data ? { ...data, time: at } : data }));
    expect(messages.slice(0, shown.length).map(({ event, data }) => ({ event, data }))).toEqual(shown);
    expect(text.slice(0, 13)).toBe(example.slice(0, 13));
    for (const [event, schema] of [
      ['event', 'LiveEvent'],
      ['session', 'LiveSession'],
      ['anomaly', 'LiveAnomaly'],
    ] as const) {
      const data = messages.filter((message) => message.event === event).map((message) => message.data as JsonValue);
      expect(data.length).toBeGreaterThan(0);
      for (const each of data) expect(api.faultsOf(named(schema), each)).toEqual([]);
    }
    sent.destroy();
  });
});
