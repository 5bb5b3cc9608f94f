import { describe, expect, it } from 'vitest';
import { DEFAULT_ESCALATION_CRITERIA, readEscalationCriteria } from './escalation-criteria.js';

describe('readEscalationCriteria', () => {
  it('keeps the default of what is left out', () => {
    expect(readEscalationCriteria({})).toEqual(DEFAULT_ESCALATION_CRITERIA);
    expect(readEscalationCriteria({ requests_per_minute_over: 60, cooldown_ms: 60_000 })).toEqual({
      botScoreFrom: 50,
      requestsPerMinuteOver: 60,
      errorRateOver: 0.5,
      errorRateRequestsOver: 20,
      escalationIntervalMs: 10_000,
      cooldownMs: 60_000,
    });
  });

  it('reads every criterion', () => {
    const json = {
      bot_score_from: 70.5,
      requests_per_minute_over: 100,
      error_rate_over: 0.25,
      error_rate_requests_over: 5,
      escalation_interval_ms: 0,
      cooldown_ms: 1000,
    };
    expect(readEscalationCriteria(json)).toEqual({
      botScoreFrom: 70.5,
      requestsPerMinuteOver: 100,
      errorRateOver: 0.25,
      errorRateRequestsOver: 5,
      escalationIntervalMs: 0,
      cooldownMs: 1000,
    });
  });

  it.each([
    [[], ['not a JSON object']],
    [null, ['not a JSON object']],
    ['x', ['not a JSON object']],
    [{ requests_per_minute: 30 }, ['"requests_per_minute" is not an escalation criterion', 'requests_per_minute_over']],
    [{ constructor: 1 }, ['"constructor" is not an escalation criterion']],
    [{ error_rate_over: 50 }, ['error_rate_over is 50; allowed: a number from 0 to 1.']],
    [{ cooldown_ms: 1500.5 }, ['cooldown_ms is 1500.5; allowed: a whole number from 1000 to 2592000000.']],
    [{ bot_score_from: '50' }, ['bot_score_from is "50"; allowed: a number from 1 to 1000.']],
    [{ bot_score_from: null }, ['bot_score_from is null']],
    [{ bot_score_from: Number.NaN }, ['bot_score_from is null']],
    [{ cooldown_ms: 5000 }, ['cooldown_ms is 5000, less than escalation_interval_ms 10000.']],
    [
      { bot_score_from: 0, escalation_interval_ms: -1, nonsense: true },
      ['bot_score_from is 0', 'escalation_interval_ms is -1', '"nonsense" is not'],
    ],
  ])('refuses %j and says why', (json, texts) => {
    const reading = (): unknown => readEscalationCriteria(json);
    expect(reading).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
    for (const text of texts) expect(reading).toThrow(text);
  });
});
