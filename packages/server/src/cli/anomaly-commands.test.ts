import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRoutes, type TestRoutes } from '../anomalies/testing/open-routes.js';
import { observedPage } from '../live/testing/observed.js';
import { type LoopbackServer, startLoopbackServer, type TestAnswer } from './testing/loopback-server.js';
import { type CliOutcome, runCli } from './testing/run-cli.js';

describe('what is asked and shown', () => {
  let server: LoopbackServer;
  let answer: TestAnswer;
  beforeEach(async () => {
    answer = {};
    server = await startLoopbackServer(() => answer);
  });
  afterEach(() => server.close());
  const run = (...argv: string[]): Promise<CliOutcome> => runCli(['anomalies', ...argv, '--url', server.url, '--key', 'secret']);
  const asked = (): unknown => server.requests.map(({ method, url, body }) => [method, url, body]);

  it.each([
    [['list'], 'GET', '/v1/anomalies', ''],
    [
      ['list', '--status', 'all', '--since', '7d', '--limit', '5', '--project', 'my shop'],
      'GET',
      '/v1/anomalies?project_id=my+shop&status=all&since=7d&limit=5',
      '',
    ],
    [['show', 'ano/1'], 'GET', '/v1/anomalies/ano%2F1', ''],
    [['thresholds'], 'GET', '/v1/anomalies/thresholds', ''],
    [['thresholds', '--project', 'shop'], 'GET', '/v1/anomalies/thresholds?project_id=shop', ''],
    [
      ['thresholds', 'set', 'error_rate', '--warning', '0.5', '--critical', '1', '--project', 'shop'],
      'PUT',
      '/v1/anomalies/thresholds/error_rate?project_id=shop',
      '{"warning":0.5,"critical":1}',
    ],
    [['thresholds', 'reset', 'error_rate'], 'DELETE', '/v1/anomalies/thresholds/error_rate', ''],
  ])('%j asks %s %s', async (argv, method, url, body) => {
    answer = { body: { anomalies: [], thresholds: [] } };
    const { code, stderr } = await run(...argv);
    expect([code, stderr]).toEqual([0, '']);
    expect(asked()).toEqual([[method, url, body]]);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer secret');
  });

  it.each([
    [['list']],
    [['show', 'a']],
    [['thresholds']],
    [['thresholds', 'set', 'm', '--warning', '1', '--critical', '2']],
    [['thresholds', 'reset', 'm']],
  ])('%j prints the answer as it is with --json', async (argv) => {
    answer = { body: '{"n": 18446744073709551615}' };
    expect(await run(...argv, '--json')).toMatchObject({ code: 0, stdout: '{"n": 18446744073709551615}\n' });
  });

  it('shows no terminal codes of what senders named', async () => {
    const anomaly = {
      anomaly_id: 'a\u001b[2J',
      level: 'critical\u0007',
      last_seen_at: '2026-10-05T12:00:00Z',
      resolved_at: null,
      message: 'x\u001b]0;title\u0007',
    };
    answer = { body: { anomalies: [anomaly], truncated: true, suppressed: 3 } };
    const { stdout, stderr } = await run('list');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(stdout).toContain('2026-10-05 12:00:00');
    expect(stderr).toBe('There are more; raise --limit to see them.\n3 more were found while too many were open, and not opened.\n');
    answer = { body: anomaly };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect((await run('show', 'a')).stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it.each([
    [['list'], 'Nothing is out of the ordinary.\n'],
    [['list', '--status', 'open'], 'Nothing is out of the ordinary.\n'],
    [['list', '--status', 'all'], 'There are no such anomalies.\n'],
  ])('%j says that there is nothing', async (argv, stdout) => {
    answer = { body: { anomalies: [], truncated: false, suppressed: 0 } };
    expect(await run(...argv)).toMatchObject({ code: 0, stdout, stderr: '' });
  });

  it.each([
    [['list', '--level', 'critical'], "unknown option '--level'"],
    [['show'], "missing required argument 'id'"],
    [['thresholds', 'set', 'error_rate', '--warning', '1'], "required option '--critical <value>' not specified"],
    [['thresholds', 'set', 'error_rate', '--warning', 'many', '--critical', '2'], 'It is a number, such as 15 or 0.25.'],
    [['thresholds', 'set', 'error_rate', '--warning', '', '--critical', '2'], 'It is a number'],
    [['lsit'], 'Commands of anomalies: list, show, thresholds.'],
  ])('%j is wrong usage', async (argv, message) => {
    const { code, stderr } = await run(...argv);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(server.requests).toEqual([]);
  });
});

describe('against the real routes', () => {
  let test: TestRoutes;
  beforeAll(async () => {
    test = await openRoutes(Date.UTC(2026, 9, 5, 12));
  });
  afterAll(() => test.remove());
  const run = (...argv: string[]): Promise<CliOutcome> =>
    runCli(['anomalies', ...argv, '--url', `http://127.0.0.1:${test.port}`, '--key', test.adminToken]);

  it('lists and shows an anomaly', async () => {
    test.service.observe(Array.from({ length: 15 }, () => observedPage({ visitorId: 'fp', timestampMs: test.time.nowMs })));
    await test.pass(1);
    const { stdout } = await run('list');
    const [header = '', , row = ''] = stdout.split('\n');
    expect(header).toMatch(/^anomaly_id +level +last_seen_at \(UTC\) +resolved_at \(UTC\) +message/);
    expect(stdout).toMatch(/ano_[\w-]{12} +warning +2026-10-05 12:01:00 +- +requests_per_minute of fingerprint "fp" is 15 requests/);
    const id = /ano_[\w-]{12}/.exec(stdout)?.[0] ?? row;
    const shown = (await run('show', id)).stdout;
    for (const line of [
      /^anomaly_id +ano_/m,
      /^dimension_value +fp$/m,
      /^value +15$/m,
      /^opened_at +2026-10-05 12:01:00$/m,
      /^resolved_at +-$/m,
    ]) {
      expect(shown).toMatch(line);
    }
    expect(await run('show', 'ano_none')).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no anomaly "ano_none"') });
  });

  it('sets, lists and resets limits', async () => {
    expect((await run('thresholds', 'set', 'error_rate', '--warning', '0.2', '--critical', '0.4')).stdout).toBe(
      'error_rate: warning from 0.2, critical from 0.4 (ratio).\n',
    );
    expect((await run('thresholds', 'set', 'cost_per_hour', '--warning', '2500000', '--critical', '5000000')).stdout).toBe(
      'cost_per_hour: warning from 2,500,000 = $2.5, critical from 5,000,000 = $5 (microdollars).\n',
    );
    const { stdout } = await run('thresholds');
    expect(stdout).toMatch(/^requests_per_minute +15 +30 +requests +default/m);
    expect(stdout).toMatch(/^error_rate +0\.2 +0\.4 +ratio +set 2026-10-05 12:01:00/m);
    expect(stdout).toMatch(/^tokens_per_request +- +- +tokens +default/m);
    expect((await run('thresholds', 'reset', 'error_rate')).stdout).toBe('error_rate: warning from 0.1, critical from 0.25 (ratio).\n');
    expect((await run('thresholds', 'reset', 'cost_per_hour')).stdout).toBe('cost_per_hour has no limits now.\n');
  });

  it('tells what is allowed', async () => {
    const { code, stderr } = await run('thresholds', 'set', 'error_rate', '--warning', '0.5', '--critical', '2');
    expect(code).toBe(1);
    expect(stderr).toContain('critical of error_rate is 2; allowed: a number of ratio above 0, at most 1.');
    expect((await run('thresholds', 'set', 'errors', '--warning', '1', '--critical', '2')).stderr).toContain(
      'allowed: requests_per_minute, ',
    );
  });
});
