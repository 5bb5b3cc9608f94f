import { resolve } from 'node:path';
import {
  AnalyticsError,
  type ContentPatterns,
  DEFAULT_INGEST_LIMITS,
  defaultContentRouting,
  type IngestLimits,
  type IpNetworks,
  readTrustedProxies,
} from '@systemprompt-analytics/core';

/** How a client's address is stored. */
export type IpPrivacy = 'none' | 'truncated' | 'full';

/** Everything that can be set. Read from the environment here and nowhere else; flags of the CLI override it. */
export interface ServerConfiguration {
  /** Folder of the embedded store and of the running server's files. */
  readonly dataFolder: string;
  readonly host: string;
  readonly port: number;
  /** Uses this ClickHouse server instead of the embedded engine; empty for the embedded one. */
  readonly clickhouseUrl: string;
  /** The cluster's name in that server's configuration; empty for a single server. */
  readonly clickhouseCluster: string;
  /** May programs on this machine send and read the default project without a key? */
  readonly keylessLoopback: boolean;
  readonly ipPrivacy: IpPrivacy;
  /** Proxies whose headers about the client are believed. */
  readonly trustedProxies: IpNetworks;
  /** Is a visitor who asks not to be tracked (DNT, Sec-GPC) stored as nobody? */
  readonly honourDoNotTrack: boolean;
  /** Query parameters that are kept of addresses. */
  readonly queryParameters: readonly string[];
  /** Longest pause within a session of a visitor, in milliseconds. */
  readonly sessionGapMs: number;
  /** Sessions that nobody touched for so long are ended, in hours; 0 leaves them as they are. */
  readonly sessionEndHours: number;
  /** Sessions kept in memory for what is decided live. */
  readonly liveSessionsMax: number;
  /** Days that rows of a table are kept; a table that is not named keeps them for ever. */
  readonly retentionDays: Readonly<Record<string, number>>;
  /** Which paths are pages, and which content they show. */
  readonly contentPatterns: ContentPatterns;
  /** A MaxMind database of places and a CSV of autonomous systems, or empty for the ones that are installed. */
  readonly geoDatabase: string;
  readonly asnDatabase: string;
  /** Which score decides whether a session behaves like a bot. */
  readonly behaviorProfile: 'classic' | 'layered';
  /** A JSON file of rules that override the built-in ones, or empty. */
  readonly botRulesFile: string;
  /** JSON file of escalation criteria that override the built-in ones; empty for none. */
  readonly throttleRulesFile: string;
  /** Redis that throttle limits are shared over, or empty for memory. */
  readonly redisUrl: string;
  /** Requests per minute that a decision allows at the normal level. */
  readonly decisionLimit: number;
  /** A price file of the user's own, or empty. */
  readonly priceFile: string;
  /** Events that may wait for the store before requests are answered 429. */
  readonly bufferEventsMax: number;
  /** Bytes of request bodies that may wait likewise. */
  readonly bufferBytesMax: number;
  readonly limits: IngestLimits;
  readonly logLevel: string;
}

/** Tables whose rows may be kept for a limited time. */
export const RETAINED_TABLES = [
  'ai_requests',
  'mcp_tool_executions',
  'agent_tasks',
  'task_messages',
  'analytics_events',
  'engagement_events',
  'http_requests',
  'spans',
  'user_sessions',
  'fingerprint_reputation',
  'anomalies',
] as const;

type Environment = Readonly<Record<string, string | undefined>>;

interface Setting {
  readonly name: string;
  readonly fallback: string;
  readonly description: string;
}

/** Every setting with its default; docs/configuration.md is generated from this table. */
export const SETTINGS = {
  data: { name: 'SYSTEMPROMPT_ANALYTICS_DATA', fallback: './data', description: 'Folder of the embedded store' },
  host: {
    name: 'SYSTEMPROMPT_ANALYTICS_HOST',
    fallback: '127.0.0.1',
    description: 'Address to listen on; any other than loopback needs keys on every request',
  },
  port: {
    name: 'SYSTEMPROMPT_ANALYTICS_PORT',
    fallback: '4318',
    description: 'Port to listen on; 4318 is where an OpenTelemetry SDK without configuration sends to. 0 takes a free one',
  },
  clickhouseUrl: {
    name: 'SYSTEMPROMPT_ANALYTICS_CLICKHOUSE_URL',
    fallback: '',
    description: 'http(s)://user:password@host:8123/database of a ClickHouse server to use instead of the embedded engine',
  },
  clickhouseCluster: {
    name: 'SYSTEMPROMPT_ANALYTICS_CLICKHOUSE_CLUSTER',
    fallback: '',
    description: "The cluster's name in that server's configuration, when it is one",
  },
  keyless: {
    name: 'SYSTEMPROMPT_ANALYTICS_KEYLESS_LOOPBACK',
    fallback: 'on',
    description: 'on or off: may programs on this machine send to and read the default project without a key?',
  },
  ip: {
    name: 'SYSTEMPROMPT_ANALYTICS_IP',
    fallback: 'truncated',
    description: "none, truncated (IPv4 /24, IPv6 /48) or full: how clients' addresses are stored",
  },
  trustedProxies: {
    name: 'SYSTEMPROMPT_ANALYTICS_TRUSTED_PROXIES',
    fallback: '',
    description:
      'Addresses or networks (CIDR) of reverse proxies, separated by commas, whose Forwarded, X-Forwarded-For and X-Real-IP are believed',
  },
  doNotTrack: {
    name: 'SYSTEMPROMPT_ANALYTICS_DO_NOT_TRACK',
    fallback: 'honour',
    description: 'honour or ignore: is a visitor who sends DNT: 1 or Sec-GPC: 1 stored as nobody?',
  },
  queryParameters: {
    name: 'SYSTEMPROMPT_ANALYTICS_QUERY_PARAMETERS',
    fallback: 'utm_*',
    description: 'Query parameters that are kept of addresses, separated by commas; a trailing * keeps all that start so',
  },
  sessionGap: {
    name: 'SYSTEMPROMPT_ANALYTICS_SESSION_GAP_MINUTES',
    fallback: '30',
    description: "Longest pause within a visitor's session, in minutes",
  },
  sessionEnd: {
    name: 'SYSTEMPROMPT_ANALYTICS_SESSION_END_HOURS',
    fallback: '24',
    description: 'Sessions without activity for so many hours are ended; 0 leaves them as they are',
  },
  liveSessions: {
    name: 'SYSTEMPROMPT_ANALYTICS_LIVE_SESSIONS_MAX',
    fallback: '1000000',
    description: 'Sessions kept in memory for what is decided live; the store knows all of them',
  },
  retention: {
    name: 'SYSTEMPROMPT_ANALYTICS_RETENTION_DAYS',
    fallback: '',
    description: 'Days that rows are kept, by table: http_requests=30,engagement_events=90. A table that is not named keeps them for ever',
  },
  pages: {
    name: 'SYSTEMPROMPT_ANALYTICS_PAGES',
    fallback: '',
    description:
      'Paths that are pages whatever their ending, separated by commas, or with ! in front are none: /wiki/*.txt,!/api/**. Without it all are but assets, feeds and downloads',
  },
  contents: {
    name: 'SYSTEMPROMPT_ANALYTICS_CONTENTS',
    fallback: '',
    description: 'Paths that show content, separated by commas, such as /blog/*: what the star stands for is the content id',
  },
  geo: {
    name: 'SYSTEMPROMPT_ANALYTICS_GEO_DB',
    fallback: '',
    description: 'A MaxMind database (.mmdb) of countries or cities; empty: the country database that is installed, if it is',
  },
  asn: {
    name: 'SYSTEMPROMPT_ANALYTICS_ASN_DB',
    fallback: '',
    description: 'A CSV or MaxMind database (.mmdb) of autonomous systems; empty: the table that is installed, if it is',
  },
  behavior: {
    name: 'SYSTEMPROMPT_ANALYTICS_BEHAVIOR_PROFILE',
    fallback: 'classic',
    description: 'classic (seven signals) or layered (all layers): which score makes a session a behavioural bot',
  },
  botRules: {
    name: 'SYSTEMPROMPT_ANALYTICS_BOT_RULES',
    fallback: '',
    description: 'A JSON file of weights and limits that override the built-in ones; see docs/bots.md',
  },
  throttleRules: {
    name: 'SYSTEMPROMPT_ANALYTICS_THROTTLE_RULES',
    fallback: '',
    description: 'A JSON file of criteria and times of throttle levels that override the built-in ones; see docs/bots.md',
  },
  redis: {
    name: 'SYSTEMPROMPT_ANALYTICS_REDIS_URL',
    fallback: '',
    description: 'redis://host:6379 that several servers share throttle limits over; empty: each keeps its own in memory',
  },
  decisionLimit: {
    name: 'SYSTEMPROMPT_ANALYTICS_DECISION_LIMIT',
    fallback: '60',
    description: 'Requests per minute of one session that POST /v1/decisions allows at the normal level',
  },
  prices: {
    name: 'SYSTEMPROMPT_ANALYTICS_PRICES',
    fallback: '',
    description: 'A price file of your own that overrides the built-in prices; see docs/prices.md',
  },
  buffer: {
    name: 'SYSTEMPROMPT_ANALYTICS_BUFFER_EVENTS_MAX',
    fallback: '200000',
    description: 'Events that may wait for the store before requests are answered 429',
  },
  bufferBytes: {
    name: 'SYSTEMPROMPT_ANALYTICS_BUFFER_BYTES_MAX',
    fallback: String(256 * 1024 * 1024),
    description: 'Bytes of request bodies that may wait for the store before requests are answered 429',
  },
  bodyBytes: {
    name: 'SYSTEMPROMPT_ANALYTICS_BODY_BYTES_MAX',
    fallback: String(DEFAULT_INGEST_LIMITS.bodyBytesMax),
    description: 'Bytes of one request body as sent',
  },
  decompressedBytes: {
    name: 'SYSTEMPROMPT_ANALYTICS_DECOMPRESSED_BYTES_MAX',
    fallback: String(DEFAULT_INGEST_LIMITS.decompressedBytesMax),
    description: 'Bytes of one body after decompression',
  },
  eventBytes: {
    name: 'SYSTEMPROMPT_ANALYTICS_EVENT_BYTES_MAX',
    fallback: String(DEFAULT_INGEST_LIMITS.eventBytesMax),
    description: 'Bytes of one event',
  },
  batchEvents: {
    name: 'SYSTEMPROMPT_ANALYTICS_BATCH_EVENTS_MAX',
    fallback: String(DEFAULT_INGEST_LIMITS.batchEventsMax),
    description: 'Events of one request',
  },
  nesting: {
    name: 'SYSTEMPROMPT_ANALYTICS_NESTING_MAX',
    fallback: String(DEFAULT_INGEST_LIMITS.nestingMax),
    description: 'Levels of nesting in one event',
  },
  nameLength: {
    name: 'SYSTEMPROMPT_ANALYTICS_NAME_LENGTH_MAX',
    fallback: String(DEFAULT_INGEST_LIMITS.nameLengthMax),
    description: 'Characters of an identifier or name',
  },
  textLength: {
    name: 'SYSTEMPROMPT_ANALYTICS_TEXT_LENGTH_MAX',
    fallback: String(DEFAULT_INGEST_LIMITS.textLengthMax),
    description: 'Characters of a text, address or property value',
  },
  properties: {
    name: 'SYSTEMPROMPT_ANALYTICS_PROPERTIES_MAX',
    fallback: String(DEFAULT_INGEST_LIMITS.propertiesMax),
    description: 'Properties of one event',
  },
  futureSkew: {
    name: 'SYSTEMPROMPT_ANALYTICS_FUTURE_SKEW_MS_MAX',
    fallback: String(DEFAULT_INGEST_LIMITS.futureSkewMsMax),
    description: "Milliseconds an event may lie after the server's clock",
  },
  age: {
    name: 'SYSTEMPROMPT_ANALYTICS_AGE_MS_MAX',
    fallback: String(DEFAULT_INGEST_LIMITS.ageMsMax),
    description: "Milliseconds an event sent with a write key may lie before the server's clock",
  },
  logLevel: { name: 'SYSTEMPROMPT_ANALYTICS_LOG', fallback: 'warn', description: 'fatal, error, warn, info, debug or silent' },
  url: { name: 'SYSTEMPROMPT_ANALYTICS_URL', fallback: '', description: 'CLI: address of the server to talk to' },
  key: { name: 'SYSTEMPROMPT_ANALYTICS_KEY', fallback: '', description: 'CLI: key to talk with' },
} as const satisfies Record<string, Setting>;

/** Settings given on the command line; they win over the environment. */
export interface ConfigurationFlags {
  readonly data?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
}

/**
 * Reads the whole configuration and reports every fault at once.
 *
 * @throws AnalyticsError `invalid_configuration`
 */
export function readConfiguration(flags: ConfigurationFlags = {}, environment: Environment = process.env): ServerConfiguration {
  const faults: string[] = [];
  const text = (setting: Setting): string => environment[setting.name] ?? setting.fallback;
  const integer = (setting: Setting, minimum: number, maximum: number, given = text(setting)): number => {
    const value = Number(given);
    if (given.trim() === '' || !Number.isInteger(value) || value < minimum || value > maximum) {
      faults.push(`${setting.name} is ${JSON.stringify(given)}; allowed: a whole number from ${minimum} to ${maximum}.`);
    }
    return value;
  };
  const choice = <Value extends string>(setting: Setting, values: readonly Value[]): Value => {
    const given = text(setting);
    const value = values.find((candidate) => candidate === given);
    if (value === undefined) faults.push(`${setting.name} is ${JSON.stringify(given)}; allowed: ${values.join(', ')}.`);
    return value ?? (setting.fallback as Value);
  };
  const filled = (setting: Setting, given = text(setting)): string => {
    if (given.trim() === '') faults.push(`${setting.name} is empty; leave it out for ${setting.fallback}.`);
    return given;
  };
  const list = (setting: Setting): string[] =>
    text(setting)
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
  const patterns = (): ContentPatterns => {
    const named = list(SETTINGS.pages);
    const read = {
      pages: named.filter((entry) => !entry.startsWith('!')),
      notPages: named.filter((entry) => entry.startsWith('!')).map((entry) => entry.slice(1)),
      content: list(SETTINGS.contents),
    };
    try {
      defaultContentRouting(read);
    } catch (error) {
      if (!(error instanceof AnalyticsError)) throw error;
      faults.push(`${SETTINGS.pages.name} or ${SETTINGS.contents.name}: ${error.message}`);
    }
    return read;
  };
  const proxies = (): IpNetworks => {
    try {
      return readTrustedProxies(text(SETTINGS.trustedProxies));
    } catch (error) {
      if (!(error instanceof AnalyticsError)) throw error;
      faults.push(`${SETTINGS.trustedProxies.name}: ${error.message}`);
      return readTrustedProxies('');
    }
  };
  const retention = (): Record<string, number> => {
    const days: Record<string, number> = {};
    for (const entry of list(SETTINGS.retention)) {
      const [table = '', given = ''] = entry.split('=').map((part) => part.trim());
      const known = RETAINED_TABLES.find((name) => name === table);
      if (known === undefined || !/^[1-9]\d{0,4}$/.test(given)) {
        faults.push(
          `${SETTINGS.retention.name} has ${JSON.stringify(entry)}; allowed: TABLE=DAYS with one of ${RETAINED_TABLES.join(', ')} and 1 to 99999 days.`,
        );
      } else days[known] = Number(given);
    }
    return days;
  };
  const clickhouseUrl = text(SETTINGS.clickhouseUrl);
  if (clickhouseUrl !== '' && !(/^https?:\/\//.test(clickhouseUrl) && URL.canParse(clickhouseUrl))) {
    faults.push(`${SETTINGS.clickhouseUrl.name} is not an http(s) address.`);
  }
  const clickhouseCluster = text(SETTINGS.clickhouseCluster);
  if (clickhouseCluster !== '' && clickhouseUrl === '') {
    faults.push(`${SETTINGS.clickhouseCluster.name} is set without ${SETTINGS.clickhouseUrl.name}.`);
  }
  const bytesMax = 1024 ** 3;
  const configuration: ServerConfiguration = {
    dataFolder: resolve(filled(SETTINGS.data, flags.data)),
    host: filled(SETTINGS.host, flags.host),
    port: integer(SETTINGS.port, 0, 65_535, flags.port),
    clickhouseUrl,
    clickhouseCluster,
    keylessLoopback: choice(SETTINGS.keyless, ['on', 'off']) === 'on',
    ipPrivacy: choice<IpPrivacy>(SETTINGS.ip, ['none', 'truncated', 'full']),
    trustedProxies: proxies(),
    honourDoNotTrack: choice(SETTINGS.doNotTrack, ['honour', 'ignore']) === 'honour',
    queryParameters: list(SETTINGS.queryParameters),
    sessionGapMs: integer(SETTINGS.sessionGap, 1, 720) * 60_000,
    sessionEndHours: integer(SETTINGS.sessionEnd, 0, 8784),
    liveSessionsMax: integer(SETTINGS.liveSessions, 100, 10_000_000),
    retentionDays: retention(),
    contentPatterns: patterns(),
    geoDatabase: text(SETTINGS.geo),
    asnDatabase: text(SETTINGS.asn),
    behaviorProfile: choice(SETTINGS.behavior, ['classic', 'layered']),
    botRulesFile: text(SETTINGS.botRules),
    throttleRulesFile: text(SETTINGS.throttleRules),
    redisUrl: text(SETTINGS.redis),
    decisionLimit: integer(SETTINGS.decisionLimit, 4, 1_000_000),
    priceFile: text(SETTINGS.prices),
    bufferEventsMax: integer(SETTINGS.buffer, 1, 10_000_000),
    bufferBytesMax: integer(SETTINGS.bufferBytes, 1024, 64 * bytesMax),
    limits: {
      bodyBytesMax: integer(SETTINGS.bodyBytes, 1024, bytesMax),
      decompressedBytesMax: integer(SETTINGS.decompressedBytes, 1024, bytesMax),
      eventBytesMax: integer(SETTINGS.eventBytes, 256, bytesMax),
      batchEventsMax: integer(SETTINGS.batchEvents, 1, 1_000_000),
      nestingMax: integer(SETTINGS.nesting, 2, 64),
      nameLengthMax: integer(SETTINGS.nameLength, 16, 65_536),
      textLengthMax: integer(SETTINGS.textLength, 16, 1_048_576),
      propertiesMax: integer(SETTINGS.properties, 0, 10_000),
      futureSkewMsMax: integer(SETTINGS.futureSkew, 0, 86_400_000),
      ageMsMax: integer(SETTINGS.age, 0, 10 * 366 * 86_400_000),
    },
    logLevel: choice(SETTINGS.logLevel, ['fatal', 'error', 'warn', 'info', 'debug', 'silent']),
  };
  if (faults.length > 0) throw new AnalyticsError('invalid_configuration', faults.join(' '));
  return configuration;
}

/** Written into the data folder by a running server, readable by its owner only: where it is, and a key for the CLI. */
export const SERVER_FILE = 'server.json';

/** What the CLI takes from the environment to find a server. */
export interface CliEnvironment {
  readonly url?: string;
  readonly key?: string;
  readonly dataFolder: string;
  /** https://no-color.org: any text but the empty one switches colours off. */
  readonly noColor?: string;
  /** Colours even where the output is no terminal, unless `0` or `false`. */
  readonly forceColor?: string;
}

/** Reads the CLI's part of the environment. */
export function readCliEnvironment(environment: Environment = process.env): CliEnvironment {
  const url = environment[SETTINGS.url.name];
  const key = environment[SETTINGS.key.name];
  return {
    ...(url === undefined || url === '' ? {} : { url }),
    ...(key === undefined || key === '' ? {} : { key }),
    dataFolder: resolve(environment[SETTINGS.data.name] ?? SETTINGS.data.fallback),
    ...(environment['NO_COLOR'] === undefined ? {} : { noColor: environment['NO_COLOR'] }),
    ...(environment['FORCE_COLOR'] === undefined ? {} : { forceColor: environment['FORCE_COLOR'] }),
  };
}
