import { resolve } from 'node:path';
import { DEFAULT_INGEST_LIMITS } from '@systemprompt-analytics/core';
import { describe, expect, it } from 'vitest';
import { readCliEnvironment, readConfiguration, SETTINGS } from './configuration.js';

const messageOf = (environment: Record<string, string>): string => {
  try {
    readConfiguration({}, environment);
  } catch (error) {
    expect(error).toMatchObject({ name: 'AnalyticsError', code: 'invalid_configuration' });
    return (error as Error).message;
  }
  throw new Error('the configuration was taken');
};

describe('readConfiguration', () => {
  it('without settings is a private server in ./data', () => {
    expect(readConfiguration({}, {})).toEqual({
      dataFolder: resolve('data'),
      host: '127.0.0.1',
      port: 4318,
      clickhouseUrl: '',
      clickhouseCluster: '',
      keylessLoopback: true,
      ipPrivacy: 'truncated',
      trustedProxies: expect.objectContaining({ size: 0 }),
      honourDoNotTrack: true,
      queryParameters: ['utm_*'],
      sessionGapMs: 1_800_000,
      sessionEndHours: 24,
      liveSessionsMax: 1_000_000,
      retentionDays: {},
      contentPatterns: { pages: [], notPages: [], content: [] },
      geoDatabase: '',
      asnDatabase: '',
      behaviorProfile: 'classic',
      botRulesFile: '',
      throttleRulesFile: '',
      redisUrl: '',
      decisionLimit: 60,
      priceFile: '',
      bufferEventsMax: 200_000,
      bufferBytesMax: 268_435_456,
      limits: DEFAULT_INGEST_LIMITS,
      logLevel: 'warn',
    });
  });

  it.each([
    ['data', '/srv/analytics', { dataFolder: '/srv/analytics' }],
    ['data', 'relative', { dataFolder: resolve('relative') }],
    ['host', '0.0.0.0', { host: '0.0.0.0' }],
    ['port', '0', { port: 0 }],
    ['port', '65535', { port: 65_535 }],
    ['clickhouseUrl', 'http://u:p@db:8123/analytics', { clickhouseUrl: 'http://u:p@db:8123/analytics' }],
    ['clickhouseUrl', 'https://db', { clickhouseUrl: 'https://db' }],
    ['keyless', 'off', { keylessLoopback: false }],
    ['ip', 'none', { ipPrivacy: 'none' }],
    ['ip', 'full', { ipPrivacy: 'full' }],
    ['doNotTrack', 'ignore', { honourDoNotTrack: false }],
    ['queryParameters', 'page, utm_*,', { queryParameters: ['page', 'utm_*'] }],
    ['sessionGap', '45', { sessionGapMs: 2_700_000 }],
    ['sessionEnd', '0', { sessionEndHours: 0 }],
    ['liveSessions', '1000', { liveSessionsMax: 1000 }],
    ['retention', 'http_requests=30, engagement_events=90', { retentionDays: { http_requests: 30, engagement_events: 90 } }],
    ['trustedProxies', '127.0.0.1, 10.0.0.0/8', { trustedProxies: expect.objectContaining({ size: 2 }) }],
    ['pages', '/wiki/*.txt,!/api/**', { contentPatterns: { pages: ['/wiki/*.txt'], notPages: ['/api/**'], content: [] } }],
    ['contents', '/blog/*', { contentPatterns: { pages: [], notPages: [], content: ['/blog/*'] } }],
    ['behavior', 'layered', { behaviorProfile: 'layered' }],
    ['decisionLimit', '4', { decisionLimit: 4 }],
    ['prices', 'prices.json', { priceFile: 'prices.json' }],
    ['buffer', '1', { bufferEventsMax: 1 }],
    ['bufferBytes', '1024', { bufferBytesMax: 1024 }],
    ['logLevel', 'debug', { logLevel: 'debug' }],
  ] as const)('%s = %s is taken', (setting, value, expected) => {
    expect(readConfiguration({}, { [SETTINGS[setting].name]: value })).toMatchObject(expected);
  });

  it.each([
    ['bodyBytes', 'bodyBytesMax', 1024],
    ['decompressedBytes', 'decompressedBytesMax', 1024],
    ['eventBytes', 'eventBytesMax', 256],
    ['batchEvents', 'batchEventsMax', 1],
    ['nesting', 'nestingMax', 2],
    ['nameLength', 'nameLengthMax', 16],
    ['textLength', 'textLengthMax', 16],
    ['properties', 'propertiesMax', 0],
    ['futureSkew', 'futureSkewMsMax', 0],
    ['age', 'ageMsMax', 0],
  ] as const)('%s sets %s, from %i on', (setting, limit, minimum) => {
    const { name } = SETTINGS[setting];
    expect(readConfiguration({}, { [name]: String(minimum) }).limits).toEqual({ ...DEFAULT_INGEST_LIMITS, [limit]: minimum });
    expect(messageOf({ [name]: String(minimum - 1) })).toContain(
      `${name} is "${minimum - 1}"; allowed: a whole number from ${minimum} to `,
    );
  });

  const integers = Object.values(SETTINGS).filter(({ fallback }) => /^\d+$/.test(fallback));
  it.each(integers.map(({ name }) => name))('%s refuses what is no whole number in its range', (name) => {
    for (const value of ['', ' ', 'many', '1.5', '-1', 'NaN', 'Infinity', '1e99', '10MB', '99999999999999999999']) {
      expect(messageOf({ [name]: value })).toContain(`${name} is ${JSON.stringify(value)}; allowed: a whole number from `);
    }
  });

  it.each([
    ['keyless', 'yes', 'on, off'],
    ['keyless', 'ON', 'on, off'],
    ['keyless', '', 'on, off'],
    ['ip', 'hash', 'none, truncated, full'],
    ['logLevel', 'verbose', 'fatal, error, warn, info, debug, silent'],
  ] as const)('%s = %j is refused, naming %s', (setting, value, allowed) => {
    const { name } = SETTINGS[setting];
    expect(messageOf({ [name]: value })).toBe(`${name} is ${JSON.stringify(value)}; allowed: ${allowed}.`);
  });

  it.each(['db:8123', 'ftp://db', 'tcp://db:9000', 'http://', 'http://:hunter2@'])(
    'the address %s is refused and not repeated',
    (value) => {
      const message = messageOf({ [SETTINGS.clickhouseUrl.name]: value });
      expect(message).toBe(`${SETTINGS.clickhouseUrl.name} is not an http(s) address.`);
    },
  );

  it.each(['data', 'host'] as const)('an empty %s is refused: it would mean something else', (setting) => {
    expect(messageOf({ [SETTINGS[setting].name]: '' })).toContain(`${SETTINGS[setting].name} is empty`);
    expect(() => readConfiguration({ [setting]: ' ' }, {})).toThrow('is empty');
  });

  it('a cluster needs its server', () => {
    const cluster = { [SETTINGS.clickhouseCluster.name]: 'main' };
    expect(messageOf(cluster)).toContain(`${SETTINGS.clickhouseCluster.name} is set without ${SETTINGS.clickhouseUrl.name}`);
    expect(readConfiguration({}, { ...cluster, [SETTINGS.clickhouseUrl.name]: 'http://db:8123' })).toMatchObject({
      clickhouseCluster: 'main',
    });
  });

  it('tells every fault at once', () => {
    const faulty = Object.fromEntries([...integers, SETTINGS.keyless, SETTINGS.ip, SETTINGS.logLevel].map(({ name }) => [name, 'wrong']));
    const message = messageOf({ ...faulty, [SETTINGS.clickhouseUrl.name]: 'wrong' });
    for (const name of [...Object.keys(faulty), SETTINGS.clickhouseUrl.name]) expect(message).toContain(`${name} is `);
  });

  it('flags win over the environment', () => {
    const environment = { [SETTINGS.data.name]: '/environment', [SETTINGS.host.name]: '0.0.0.0', [SETTINGS.port.name]: '1' };
    expect(readConfiguration({ data: '/flag', host: '::1', port: '2' }, environment)).toMatchObject({
      dataFolder: '/flag',
      host: '::1',
      port: 2,
    });
    expect(readConfiguration({ data: undefined, port: '2' }, environment)).toMatchObject({ dataFolder: '/environment', port: 2 });
  });

  it('a bad flag is a fault though the environment is good', () => {
    expect(() => readConfiguration({ port: 'http' }, { [SETTINGS.port.name]: '4318' })).toThrow('is "http"');
  });

  it('takes its defaults from the table that is documented', () => {
    const defaults = Object.fromEntries(Object.values(SETTINGS).map(({ name, fallback }) => [name, fallback]));
    expect(readConfiguration({}, defaults)).toEqual(readConfiguration({}, {}));
  });
});

describe('readCliEnvironment', () => {
  it('is the data folder alone when nothing is set', () => {
    expect(readCliEnvironment({})).toEqual({ dataFolder: resolve('data') });
  });

  it('takes address, key, folder and colours', () => {
    const environment = {
      [SETTINGS.url.name]: 'http://h:1',
      [SETTINGS.key.name]: 'sa_read_x',
      [SETTINGS.data.name]: '/d',
      NO_COLOR: '1',
      FORCE_COLOR: '0',
    };
    expect(readCliEnvironment(environment)).toEqual({
      url: 'http://h:1',
      key: 'sa_read_x',
      dataFolder: '/d',
      noColor: '1',
      forceColor: '0',
    });
  });

  it('takes an empty address or key for none', () => {
    expect(readCliEnvironment({ [SETTINGS.url.name]: '', [SETTINGS.key.name]: '' })).toEqual({ dataFolder: resolve('data') });
  });

  it('is not stopped by settings of the server', () => {
    expect(() => readCliEnvironment({ [SETTINGS.port.name]: 'wrong', [SETTINGS.keyless.name]: 'wrong' })).not.toThrow();
  });
});

describe('SETTINGS', () => {
  it('have names of their own and a description', () => {
    const settings = Object.values(SETTINGS);
    expect(new Set(settings.map(({ name }) => name)).size).toBe(settings.length);
    for (const { name, description } of settings) {
      expect(name).toMatch(/^SYSTEMPROMPT_ANALYTICS_[A-Z_]+$/);
      expect(description.length).toBeGreaterThan(10);
    }
  });
});
