import { holdThrottleLevel, NORMAL_THROTTLE_STATE, ThrottleLevel, type ThrottleState } from '@systemprompt-analytics/core';
import { describe, expect, it } from 'vitest';
import { mergeSharedStates, writeSharedState } from './shared-levels.js';

const WARNING: ThrottleState = {
  level: ThrottleLevel.Warning,
  sinceMs: 1000,
  lastEvidenceMs: 2000,
  criterion: 'bot_score',
  reason: 'The bot score is 70; from 50 on the level is raised.',
  byHandMs: 0,
};

describe('mergeSharedStates', () => {
  it('reads what was written', () => {
    expect(mergeSharedStates([writeSharedState(WARNING)])).toEqual(WARNING);
    const held = holdThrottleLevel(ThrottleLevel.Blocked, 'Never "again".\n', 5000);
    expect(mergeSharedStates([writeSharedState(held)])).toEqual(held);
  });

  it('takes the higher level with the latest evidence', () => {
    const severe: ThrottleState = { ...WARNING, level: ThrottleLevel.Severe, lastEvidenceMs: 1500 };
    const texts = [WARNING, severe, NORMAL_THROTTLE_STATE].map(writeSharedState);
    expect(mergeSharedStates(texts)).toEqual({ ...severe, lastEvidenceMs: 2000 });
    expect(mergeSharedStates(texts.toReversed())).toEqual({ ...severe, lastEvidenceMs: 2000 });
  });

  it.each([
    '',
    'null',
    '3',
    '[]',
    '{',
    '{}',
    JSON.stringify({ ...WARNING, level: 4 }),
    JSON.stringify({ ...WARNING, level: '1' }),
    JSON.stringify({ ...WARNING, criterion: 'weather' }),
    JSON.stringify({ ...WARNING, reason: 1 }),
    JSON.stringify({ ...WARNING, sinceMs: '1000' }),
    JSON.stringify({ ...WARNING, lastEvidenceMs: 1.5 }),
    JSON.stringify({ ...WARNING, byHandMs: null }),
  ])('leaves %s out', (text) => {
    expect(mergeSharedStates([text])).toBeUndefined();
    expect(mergeSharedStates([text, writeSharedState(WARNING)])).toEqual(WARNING);
  });

  it('knows nothing of nothing', () => {
    expect(mergeSharedStates([])).toBeUndefined();
  });
});
