import { describe, expect, it } from 'vitest';
import { AnalyticsError } from '../errors/analytics-error.js';
import { BEHAVIORAL_RULES } from './behavioral-signals.js';
import { BOT_RULES, LAYER_WEIGHTS, LAYERS, readBotRules, withoutLayers } from './layered-rules.js';

function refusal(override: unknown): AnalyticsError {
  try {
    readBotRules(override);
  } catch (error) {
    if (error instanceof AnalyticsError) return error;
    throw error;
  }
  throw new Error('the rules were taken');
}

describe('the table of layers', () => {
  it('has a group for every layer, in their order', () => {
    expect(Object.keys(LAYER_WEIGHTS)).toEqual([...LAYERS]);
  });

  const numbers = Object.entries(LAYER_WEIGHTS).flatMap(([layer, weights]) =>
    Object.entries(weights).map(([name, rule]) => [`${layer}.${name}`, rule] as const),
  );
  it.each(numbers)('%s has a default that its own limits allow, and says what it is', (_name, { value, min, max, says }) => {
    expect(value).toBeGreaterThanOrEqual(min);
    expect(value).toBeLessThanOrEqual(max);
    expect(says).toMatch(/\S.*[^.\s]$/);
  });

  it('gives no layer of weak signs alone what makes a bot', () => {
    const { network, client, robots, browser_age } = BOT_RULES.layered.weights;
    const weak = [network.hosting, client.points_max, robots.feed + robots.feed_polling + robots.returning, browser_age.outdated];
    for (const points of weak) expect(points).toBeLessThan(BOT_RULES.layered.midpoint);
  });
});

describe('readBotRules', () => {
  it('keeps the defaults where nothing is set', () => {
    expect(readBotRules(undefined)).toEqual(BOT_RULES);
    expect(readBotRules({ classic: {}, layered: { weights: {} } })).toEqual(BOT_RULES);
    expect(BOT_RULES.classic).toEqual(BEHAVIORAL_RULES);
  });

  it('sets what is named in either profile and nothing else', () => {
    const rules = readBotRules({
      classic: { threshold: 60 },
      layered: { threshold: 80, weights: { network: { hosting: 30 } }, without: ['timing', 'robots'] },
    });
    expect(rules).toEqual({
      classic: { ...BOT_RULES.classic, threshold: 60 },
      layered: {
        ...BOT_RULES.layered,
        threshold: 80,
        weights: { ...BOT_RULES.layered.weights, network: { hosting: 30 } },
        without: ['robots', 'timing'],
      },
    });
  });

  it.each<[unknown, string, string]>([
    [{ threshold: 50 }, 'threshold', 'threshold is not known; known are classic, layered.'],
    [{ classic: { threshold: -1 } }, 'classic.threshold', 'classic.threshold is -1; it must be a number from 1 to 1000.'],
    [{ classic: { signals: { regular_timing: { points: 500 } } } }, 'classic.signals.regular_timing.points', 'points is 500'],
    [{ layered: { threshold: 101 } }, 'layered.threshold', 'layered.threshold is 101'],
    [{ layered: { scale: 0 } }, 'layered.scale', 'layered.scale is 0; it must be a number from 0.1 to 1000.'],
    [{ layered: { midpoint: 'low' } }, 'layered.midpoint', 'layered.midpoint is "low"'],
    [{ layered: { weights: { network: { host: 1 } } } }, 'layered.weights.network.host', 'known are hosting.'],
    [{ layered: { weights: { mood: {} } } }, 'layered.weights.mood', 'is not known'],
    [{ layered: { weights: { timing: { pages_min: 0 } } } }, 'layered.weights.timing.pages_min', 'a whole number from 1 to 1000000.'],
    [{ layered: { without: 'timing' } }, 'layered.without', 'it must be an array of distinct names of declared, ai_crawler, scanner'],
    [{ layered: { without: ['timing', 'timing'] } }, 'layered.without', 'distinct names'],
    [{ layered: { without: ['tempo'] } }, 'layered.without', 'layered.without is ["tempo"]'],
  ])('refuses %j', (override, path, message) => {
    const error = refusal(override);
    expect(error).toMatchObject({ code: 'invalid_configuration', path });
    expect(error.message).toContain(message);
  });

  it('reports the faults of both profiles together', () => {
    const { message } = refusal({ classic: { threshold: 0 }, layered: { threshold: 0, without: 5 } });
    for (const field of ['classic.threshold', 'layered.threshold', 'layered.without']) expect(message).toContain(field);
  });

  it('takes its own answer as an override', () => {
    const rules = readBotRules({ layered: { weights: { scanner: { probe: 90 } }, without: ['client'] } });
    expect(readBotRules(JSON.parse(JSON.stringify(rules)))).toEqual(rules);
  });
});

describe('withoutLayers', () => {
  it('adds to the layers that are left out, each once, and changes nothing else', () => {
    const once = withoutLayers(BOT_RULES, ['declared', 'timing']);
    const twice = withoutLayers(once, ['timing', 'network']);
    expect(twice).toEqual({ ...BOT_RULES, layered: { ...BOT_RULES.layered, without: ['declared', 'timing', 'network'] } });
    expect(BOT_RULES.layered.without).toEqual([]);
  });
});
