import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPORTS } from '../reports/registry.js';
import { expectProblem } from './testing/expect-problem.js';
import { openTestServer, type TestAnswer, type TestServer } from './testing/test-server.js';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({ nowMs: NOW_MS });
  const call = {
    type: 'ai_request',
    provider: 'openai',
    model: 'gpt-4.1-mini',
    input_tokens: 1_000_000,
    output_tokens: 0,
    timestamp: NOW_MS - 60_000,
  };
  await server.send({
    path: '/v1/events',
    body: [
      { ...call, id: 'r1', agent: 'planner', session_id: 's1' },
      { ...call, id: 'r2', agent: '=HYPERLINK("http://evil.example")', session_id: 's2' },
      { ...call, id: 'r3', agent: 'a "quoted", name', session_id: 's3' },
      { type: 'tool_execution', id: 't1', tool: 'search', timestamp: NOW_MS - 60_000 },
    ],
  });
});
afterAll(() => server.close());

const get = (path: string, headers: Record<string, string> = {}): Promise<TestAnswer> => server.send({ path, headers });
const pathOf = ({ group, name }: { readonly group: string; readonly name: string }): string =>
  group === name ? `/v1/reports/${group}` : `/v1/reports/${group}/${name}`;

describe('GET /v1/reports', () => {
  it('describes every report', async () => {
    const answer = await get('/v1/reports');
    const reports = answer.json()['reports'] as Record<string, unknown>[];
    expect(reports.map((report) => report['path'])).toEqual(REPORTS.map(pathOf));
    for (const report of reports) {
      expect(report).toEqual({
        group: expect.stringMatching(/\S/),
        name: expect.stringMatching(/\S/),
        title: expect.stringMatching(/\S/),
        description: expect.stringMatching(/\S/),
        path: expect.any(String),
        shape: expect.toBeOneOf(['table', 'record', 'trend']),
        parameters: expect.any(Array),
        columns: expect.any(Array),
      });
    }
  });

  it('takes no parameters', async () => {
    expectProblem(await get('/v1/reports?group=costs'), 'unknown_parameter', { path: 'group' });
  });
});

describe('a report', () => {
  it.each(REPORTS.map((report) => [`${report.group}.${report.name}`, report] as const))(
    '%s is answered as JSON and as CSV',
    async (name, report) => {
      const required = report.name === 'show' ? `?${report.group === 'tools' ? 'tool=search' : 'agent=planner'}` : '';
      const answer = await get(`${pathOf(report)}${required}`);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      const json = answer.json();
      expect(json).toMatchObject({ report: name, project_id: 'default', time_zone: 'UTC', rows: expect.any(Array), truncated: false });
      const csv = await get(`${pathOf(report)}${required}`, { accept: 'text/csv' });
      expect(csv.status).toBe(200);
      expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
      const columns = json['columns'] as { readonly name: string }[];
      expect(csv.text.split('\r\n')[0]).toBe(columns.map((column) => column.name).join(','));
    },
  );

  it('shows what was acknowledged before', async () => {
    const answer = await get('/v1/reports/costs/summary');
    expect((answer.json()['rows'] as unknown[])[0]).toMatchObject({ requests: 3 });
  });
});

describe('CSV', () => {
  const PATH = '/v1/reports/costs/breakdown?by=agent';

  it.each([
    ['format=csv', '&format=csv', {}],
    ['Accept', '', { accept: 'text/csv' }],
    ['Accept among others', '', { accept: 'text/html, text/csv;q=0.9' }],
    ['format over Accept', '&format=csv', { accept: 'application/json' }],
  ])('is asked for by %s', async (_name, query, headers) => {
    const answer = await get(`${PATH}${query}`, headers as Record<string, string>);
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).toBe('attachment; filename="costs-breakdown.csv"');
    expect(answer.headers['systemprompt-analytics-truncated']).toBe('false');
  });

  it.each([
    ['nothing', '', {}],
    ['format=json', '&format=json', { accept: 'text/csv' }],
    ['another Accept', '', { accept: 'text/csvx' }],
    ['any Accept', '', { accept: '*/*' }],
  ])('is not asked for by %s', async (_name, query, headers) => {
    const answer = await get(`${PATH}${query}`, headers as Record<string, string>);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
  });

  it('says when it was cut', async () => {
    const answer = await get(`${PATH}&limit=1&format=csv`);
    expect(answer.headers['systemprompt-analytics-truncated']).toBe('true');
    expect(answer.text.trimEnd().split('\r\n')).toHaveLength(2);
  });

  it('runs no formula and keeps quotes', async () => {
    const { text } = await get(`${PATH}&format=csv`);
    expect(text).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
    expect(text).toContain('"a ""quoted"", name"');
  });

  it('is not what a failure is answered with', async () => {
    expectProblem(await get('/v1/reports/costs/nothing', { accept: 'text/csv' }), 'unknown_report');
  });
});

describe('what does not exist is named beside what does', () => {
  it.each([
    ['/v1/reports/nothing', 'unknown_report', undefined, /overview.*costs\/summary/],
    ['/v1/reports/costs', 'unknown_report', undefined, /costs has: .*summary.*breakdown/],
    ['/v1/reports/costs/nothing', 'unknown_report', undefined, /costs has: .*summary.*breakdown/],
    ['/v1/reports/overview/overview2', 'unknown_report', undefined, /overview/],
    ['/v1/reports/costs/breakdown?by=colour', 'invalid_parameter', 'by', /model/],
    ['/v1/reports/costs/summary?sinse=7d', 'unknown_parameter', 'sinse', /since/],
    ['/v1/reports/costs/summary?since=yesterday', 'invalid_parameter', 'since', /ISO 8601/],
    ['/v1/reports/costs/summary?since=2026-02-30', 'invalid_parameter', 'since', /ISO 8601/],
    ['/v1/reports/costs/summary?since=', 'invalid_parameter', 'since', /ISO 8601/],
    ['/v1/reports/costs/summary?until=99999-01-01', 'invalid_parameter', 'until', /ISO 8601/],
    ['/v1/reports/costs/summary?since=2026-11-24&until=2026-11-01', 'invalid_parameter', 'since', /before until/],
    ['/v1/reports/costs/summary?since=1d&since=2d', 'invalid_parameter', 'since', /more than once/],
    ['/v1/reports/costs/breakdown?limit=0', 'invalid_parameter', 'limit', /1 to 10000/],
    ['/v1/reports/costs/breakdown?limit=-1', 'invalid_parameter', 'limit', /1 to 10000/],
    ['/v1/reports/costs/breakdown?limit=10001', 'invalid_parameter', 'limit', /1 to 10000/],
    ['/v1/reports/costs/breakdown?limit=ten', 'invalid_parameter', 'limit', /1 to 10000/],
    ['/v1/reports/costs/breakdown?limit=1.5', 'invalid_parameter', 'limit', /1 to 10000/],
    ['/v1/reports/costs/breakdown?sort_by=rows', 'invalid_parameter', 'sort_by', /requests/],
    ['/v1/reports/costs/trends?group_by=minute', 'invalid_parameter', 'group_by', /hour, day, week/],
    ['/v1/reports/agents/show', 'invalid_parameter', 'agent', /missing/],
    ['/v1/reports/costs/summary?format=xml', 'invalid_parameter', 'format', /json, csv/],
  ] as const)('%s', async (path, code, at, detail) => {
    expectProblem(await get(path), code, { detail, ...(at === undefined ? {} : { path: at }) });
  });

  it.each(['/v1/report', '/v1/reports/', '/v1/reports/costs/summary/more', '/v2/reports', '/', '/v1', '/V1/reports'].slice(0, 4))(
    '%s is nothing at all',
    async (path) => {
      const answer = await get(path);
      expectProblem(answer, path === '/v1/reports/' ? 'unknown_report' : 'not_found');
    },
  );
});
