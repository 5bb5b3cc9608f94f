import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  ACCESS_LOG_FORMATS,
  ACCESS_LOG_JSON_DURATIONS,
  ACCESS_LOG_JSON_FIELDS,
  ANOMALY_METRIC_NAMES,
  ANOMALY_METRICS,
  BEHAVIORAL_RULES,
  BEHAVIORAL_SIGNAL_NAMES,
  BOT_RULES,
  DEFAULT_ESCALATION_CRITERIA,
  DEFAULT_INGEST_LIMITS,
  DEFAULT_REPUTATION_RULES,
  defaultThresholdsOf,
  describeSignal,
  ESCALATION_CRITERIA,
  FLAG_REASONS,
  LAYER_WEIGHTS,
  LAYERS,
  type RuleNumber,
  readBotRules,
  SCORE_START,
  THROTTLE_LEVELS,
  TRAFFIC_CLASSES,
} from '@systemprompt-analytics/core';
import { describe, expect, it } from 'vitest';
import { RETAINED_TABLES } from '../configuration.js';
import { DECISIONS_MAX, readDecisionRequests } from '../throttle/read-decision-requests.js';

const read = (page: string): string => readFileSync(fileURLToPath(new URL(`../../../../docs/${page}`, import.meta.url)), 'utf8');
const BOTS = read('bots.md');
const ANOMALIES = read('anomalies.md');
const ACCESS_LOGS = read('access-logs.md');
const PRIVACY = read('privacy.md');

/** What stands below a heading, up to the next one of its rank or above. */
function section(page: string, heading: string): string {
  const start = page.indexOf(`\n${heading}\n`);
  expect(start, heading).toBeGreaterThan(-1);
  const [marks = ''] = heading.split(' ');
  const text = page.slice(start + heading.length + 2);
  return text.split(new RegExp(`^#{1,${marks.length}} `, 'm'))[0] ?? '';
}

/** Cells of the table with this first column, without its head. */
function tableOf(text: string, firstColumn: string): string[][] {
  const lines = text.split('\n');
  const head = lines.findIndex((line) => line.startsWith('|') && line.slice(1).trim().startsWith(firstColumn));
  expect(head, firstColumn).toBeGreaterThan(-1);
  const end = lines.findIndex((line, index) => index > head && !line.startsWith('|'));
  return lines.slice(head + 2, end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** The text without its line breaks, which stand where lines are full. */
const flat = (text: string): string => text.replace(/\s+/g, ' ');
const code = (name: string): string => `\`${name}\``;

describe('docs/bots.md', () => {
  it('has every class of traffic', () => {
    const classes = tableOf(BOTS, 'class').map(([name]) => name);
    expect([...classes].sort()).toEqual(TRAFFIC_CLASSES.map(code).sort());
  });

  it('has the seven signals with their points and limits', () => {
    const expected = BEHAVIORAL_SIGNAL_NAMES.map((name) => [
      code(name),
      String(BEHAVIORAL_RULES.signals[name].points),
      describeSignal(name, BEHAVIORAL_RULES),
    ]);
    expect(tableOf(BOTS, 'signal')).toEqual(expected);
  });

  it.each(LAYERS)('has every number of the layer %s', (layer) => {
    const numbers: readonly (readonly [string, RuleNumber])[] = Object.entries(LAYER_WEIGHTS[layer]);
    expect(tableOf(section(BOTS, `#### ${code(layer)}`), 'number')).toEqual(
      numbers.map(([name, { value, says }]) => [code(name), String(value), says]),
    );
  });

  it('has the layers in their order, and the numbers of the score', () => {
    const layers = [...section(BOTS, '## The layers').matchAll(/^#### `(\w+)`$/gm)].map(([, name]) => name);
    expect(layers).toEqual([...LAYERS]);
    const { midpoint, scale, threshold } = BOT_RULES.layered;
    expect(flat(BOTS)).toContain(`\`100 / (1 + exp((${midpoint} - points) / ${scale}))\``);
    expect(flat(BOTS)).toContain(`a score from 0 to 100; a bot from ${threshold} on`);
    expect(flat(BOTS)).toContain(`fixed points; a bot from ${BOT_RULES.classic.threshold} points on`);
  });

  it('has an example of rules that can be used and changes them', () => {
    const [, text = ''] = /```json\n([\s\S]*?)```/.exec(section(BOTS, '## Rules of your own')) ?? [];
    const rules = readBotRules(JSON.parse(text));
    expect(rules.classic).toMatchObject({ threshold: 60, oldest_major: { chrome: 120, firefox: 88, safari: 16 } });
    expect(rules.classic.signals.high_request_count).toEqual({ points: 30, requests_max: 100 });
    expect(rules.layered).toMatchObject({ threshold: 60, without: ['browser_age'] });
    expect(rules.layered.weights.network.hosting).toBe(30);
  });

  it('has the throttle levels', () => {
    const expected = THROTTLE_LEVELS.map(({ level, name, rateMultiplier, allowsRequests }) => [
      code(name),
      String(level),
      String(rateMultiplier),
      allowsRequests ? 'yes' : 'no',
    ]);
    expect(tableOf(BOTS, 'level')).toEqual(expected);
  });

  it('has the criteria that raise a level', () => {
    const { botScoreFrom, requestsPerMinuteOver, errorRateOver, errorRateRequestsOver, escalationIntervalMs, cooldownMs } =
      DEFAULT_ESCALATION_CRITERIA;
    const criteria = new Map(tableOf(BOTS, 'criterion').map(([name = '', text = '']) => [name, text]));
    expect([...criteria.keys()].sort()).toEqual(
      ESCALATION_CRITERIA.filter((name) => name !== 'none' && name !== 'manual')
        .map(code)
        .sort(),
    );
    expect(criteria.get('`bot_score`')).toContain(`is ${botScoreFrom} or more`);
    expect(criteria.get('`requests_per_minute`')).toContain(`more than ${requestsPerMinuteOver} requests`);
    expect(criteria.get('`error_rate`')).toMatch(new RegExp(`more than ${errorRateOver * 100} % .* more than ${errorRateRequestsOver}$`));
    expect(flat(BOTS)).toContain(`at most once in ${escalationIntervalMs / 1000} seconds`);
    expect(flat(BOTS)).toContain(`one step after ${cooldownMs / 60_000} minutes`);
  });

  it('has the rules of a reputation', () => {
    const rules = DEFAULT_REPUTATION_RULES;
    expect(tableOf(BOTS, 'rule')).toEqual([
      ['`request_count` flags', `over ${rules.requestsPerHourOver} requests in an hour`],
      ['`sustained_velocity` flags', `${rules.velocityRequestsPerMinute} requests in each of ${rules.velocityMinutes} minutes in a row`],
      ['`session_count` flags', `over ${rules.sessionsPerDayOver} sessions in 24 hours`],
      ['`low_reputation` flags', `a score below ${rules.flagScoreBelow}`],
      ['a high risk is', `flagged, or of a score below ${rules.highRiskScoreBelow}, or has ${rules.highRiskIncidents} incidents`],
      ['an incident costs', `${rules.incidentPenalty} points`],
      [`the score begins at ${SCORE_START} and drifts back by`, `${rules.scoreDriftPerDay} points a day`],
    ]);
    for (const reason of FLAG_REASONS.filter((each) => each !== 'manual')) expect(BOTS).toContain(`| ${code(reason)} flags`);
  });

  it('asks for a decision as the server takes it', () => {
    const [, body = ''] = /-d '(\{"requests"[\s\S]*?\})'\n/.exec(BOTS) ?? [];
    const items = readDecisionRequests(Buffer.from(body), { nowMs: Date.UTC(2026, 2, 2), limits: DEFAULT_INGEST_LIMITS });
    expect(items.map(({ ok }) => ok)).toEqual([true]);
    expect(flat(BOTS)).toContain(`At most ${DECISIONS_MAX.toLocaleString('en-US')} at a time`);
  });
});

describe('docs/anomalies.md', () => {
  it('has the metrics with their default limits', () => {
    const expected = ANOMALY_METRIC_NAMES.map((name) => {
      const { unit, dimensions, methods } = ANOMALY_METRICS[name];
      const { warning = '-', critical = '-' } = defaultThresholdsOf(name) ?? {};
      return [code(name), unit, dimensions.join(', '), String(warning), String(critical), methods.join(', ')];
    });
    expect(tableOf(ANOMALIES, 'metric')).toEqual(expected);
  });

  it('says what each of them measures', () => {
    for (const name of ANOMALY_METRIC_NAMES) {
      expect(flat(ANOMALIES)).toContain(`- ${code(name)}: ${ANOMALY_METRICS[name].description}.`);
    }
  });
});

describe('docs/access-logs.md', () => {
  it('has every format', () => {
    expect(tableOf(ACCESS_LOGS, 'format').map(([name]) => name)).toEqual(ACCESS_LOG_FORMATS.map(code));
  });

  it('has every name that a field of a JSON line may have, in its order', () => {
    const lines = flat(section(ACCESS_LOGS, '## Fields of JSON lines')).split(' - ');
    for (const names of Object.values(ACCESS_LOG_JSON_FIELDS)) {
      const found = lines.filter((line) => line.replace(/^[^:]*: /, '').trim() === names.map(code).join(', '));
      expect(found, names[0]).toHaveLength(1);
    }
    const durations = lines.find((line) => line.startsWith('duration: ')) ?? '';
    for (const name of Object.keys(ACCESS_LOG_JSON_DURATIONS)) expect(durations).toContain(code(name));
  });
});

describe('docs/privacy.md', () => {
  it('has every table whose rows may be kept for a time', () => {
    expect(tableOf(PRIVACY, 'table').map(([name]) => name)).toEqual(RETAINED_TABLES.map(code));
  });
});
