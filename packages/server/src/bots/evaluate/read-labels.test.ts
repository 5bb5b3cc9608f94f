import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_BOT } from '../../enrichment/bot-identity.js';
import { readLabels } from './read-labels.js';
import type { LoggedClient, SessionLabels } from './session-labels.js';

function read(...texts: readonly string[]): SessionLabels {
  return readLabels(
    texts.map((text, index) => ({ number: index + 1, text })),
    'labels.csv',
  );
}

function client(address: string, userAgent = 'Firefox'): LoggedClient {
  const nowhere = { locale: '', country: '', region: '', city: '', asn: 0, network: '', hosting: false };
  return { address, userAgent, facts: { deviceType: '', browser: '', browserVersion: '', os: '', bot: NO_BOT, ...nowhere } };
}

describe('labels of a file', () => {
  it.each([
    ['a CSV', ['ip,label', '192.0.2.1,bot', '192.0.2.2,human']],
    ['a CSV with its columns in another order', ['label,user_agent,ip', 'bot,,192.0.2.1', 'human,Firefox,192.0.2.2']],
    ['a TSV', ['ip\tuser_agent\tlabel', '192.0.2.1\t\tbot', '192.0.2.2\tFirefox\thuman']],
    ['JSON lines', ['{"ip":"192.0.2.1","label":"bot"}', '{"label":"human","ip":"192.0.2.2","user_agent":"Firefox"}']],
  ])('are read from %s', (_, texts) => {
    const labels = read(...texts);
    expect(['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((ip) => labels.labelOf(client(ip)))).toEqual(['bot', 'human', undefined]);
    expect(labels.fromUserAgent).toBe(false);
  });

  it('hold for the client they name, and else for all of its address', () => {
    const labels = read('ip,user_agent,label', '192.0.2.1,,human', '192.0.2.1,Wget,bot', '192.0.2.2,-,bot', '192.0.2.3,"a, ""b""",bot');
    expect(labels.labelOf(client('192.0.2.1', 'Firefox'))).toBe('human');
    expect(labels.labelOf(client('192.0.2.1', ''))).toBe('human');
    expect(labels.labelOf(client('192.0.2.1', 'Wget'))).toBe('bot');
    expect(labels.labelOf(client('192.0.2.2', ''))).toBe('bot');
    expect(labels.labelOf(client('192.0.2.2', 'Firefox'))).toBeUndefined();
    expect(labels.labelOf(client('192.0.2.3', 'a, "b"'))).toBe('bot');
  });

  it('know addresses in every spelling, and names', () => {
    const labels = read('ip,label', '2001:DB8:0:0::1,bot', 'Crawl-66.Example.com,bot');
    expect(labels.labelOf(client('2001:db8::1'))).toBe('bot');
    expect(labels.labelOf(client('crawl-66.example.com'))).toBe('bot');
  });

  it('are counted when nobody came that they name', () => {
    const labels = read('ip,label', '192.0.2.1,bot', '192.0.2.2,bot', '192.0.2.1,bot');
    expect(labels.unused).toBe(2);
    labels.labelOf(client('192.0.2.2'));
    labels.labelOf(client('192.0.2.9'));
    expect(labels.unused).toBe(1);
  });

  it('say the same whatever the user agent holds, as CSV, TSV and JSON', () => {
    // A line of a file holds no line break, and an empty user agent in a label means any.
    const userAgent = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\r\n]/.test(text) && text !== '-');
    const rows = fc.uniqueArray(fc.record({ userAgent, label: fc.constantFrom('bot', 'human') }), {
      selector: (row) => row.userAgent,
      minLength: 1,
      maxLength: 5,
    });
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(rows, (labelled) => {
        const files = [
          ['ip,user_agent,label', ...labelled.map((row) => `192.0.2.1,${quoted(row.userAgent)},${row.label}`)],
          ['user_agent\tlabel\tip', ...labelled.map((row) => `${quoted(row.userAgent)}\t${row.label}\t192.0.2.1`)],
          labelled.map((row) => JSON.stringify({ ip: '192.0.2.1', user_agent: row.userAgent, label: row.label })),
        ];
        for (const texts of files) {
          const labels = read(...texts);
          for (const row of labelled) expect(labels.labelOf(client('192.0.2.1', row.userAgent))).toBe(row.label);
        }
      }),
    );
  });
});

describe('faulty labels', () => {
  it.each([
    [['ip,label', '192.0.2.1,robot'], 'Line 2 of labels.csv: label is "robot"; allowed: bot, human.'],
    [['ip,label', ',bot'], 'Line 2 of labels.csv: ip is ""; allowed: an IP address, or the host name that the log has in its place.'],
    [['ip,label', 'a b,bot'], 'Line 2 of labels.csv: ip is "a b"; allowed: an IP address, or the host name that the log has in its place.'],
    [
      ['ip,label', '192.0.2.1,bot', '192.0.2.1,human'],
      'Line 3 of labels.csv: label is "human"; allowed: bot, as line 2 says of the same client.',
    ],
    [['address,label', '192.0.2.1,bot'], 'Line 1 of labels.csv has "address"; allowed: ip, user_agent, label.'],
    [['ip,user_agent', '192.0.2.1,Wget'], 'Line 1 of labels.csv names the columns ip, user_agent; it must name label too.'],
    [['ip,label,ip', '192.0.2.1,bot,'], 'Line 1 of labels.csv names the column ip twice; allowed: once.'],
    [
      ['ip,user_agent,label', '192.0.2.1,KHTML, like Gecko,bot'],
      'Line 2 of labels.csv has 4 values; allowed: 3, one for each column; a value with a comma in it stands in quotation marks.',
    ],
    [['ip\tlabel', '192.0.2.1'], 'Line 2 of labels.csv has 1 values; allowed: 2, one for each column.'],
    [
      ['ip,label', '"192.0.2.1,bot'],
      String.raw`Line 2 of labels.csv: a value is "\"192.0.2.1,bot"; allowed: a value whose quotation mark is closed in the same line.`,
    ],
    [
      ['ip,label', '"192.0.2.1"x,bot'],
      String.raw`Line 2 of labels.csv: a value is "\"192.0.2.1\"x,bot"; allowed: nothing between the closing quotation mark and the next value.`,
    ],
    [
      ['{"ip":"192.0.2.1","label":"bot"}', 'ip,label'],
      'Line 2 of labels.csv is "ip,label"; allowed: one JSON object, since the first line begins with one.',
    ],
    [['{"ip":"192.0.2.1","label":"bot"}', '["bot"]'], String.raw`Line 2 of labels.csv is "[\"bot\"]"; allowed: one JSON object`],
    [['{"ip":"192.0.2.1","label":true}'], 'Line 1 of labels.csv: label is "true"; allowed: a string.'],
    [['{"ip":"192.0.2.1","is_bot":"yes"}'], 'Line 1 of labels.csv has "is_bot"; allowed: ip, user_agent, label.'],
    [['ip,label'], 'labels.csv has no labels; it must have one at least.'],
    [[], 'labels.csv has no labels; it must have one at least.'],
  ])('are refused: %j', (texts, message) => {
    expect(() => read(...texts)).toThrow(message);
  });
});
