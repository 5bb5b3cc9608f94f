import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ThrottleLevel } from '@systemprompt-analytics/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ContractStore } from '../store/testing/open-contract-store.js';
import { openThrottle } from './open-throttle.js';
import { openMigratedStore } from './testing/open-throttle.js';
import type { ThrottleService } from './throttle-service.js';

const NOW = Date.UTC(2026, 5, 1);
let folder: string;
let contract: ContractStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throttle-rules-'));
  contract = await openMigratedStore();
});
afterAll(async () => {
  await contract.remove();
  await rm(folder, { recursive: true });
});

async function openWith(rules: string | undefined): Promise<ThrottleService> {
  const throttleRulesFile = rules === undefined ? '' : join(folder, 'rules.json');
  if (rules !== undefined) await writeFile(throttleRulesFile, rules);
  const configuration = { redisUrl: '', decisionLimit: 60, liveSessionsMax: 1000, throttleRulesFile };
  return openThrottle(contract.store, configuration, { clock: () => NOW, onFailure: () => expect.unreachable() });
}

it.each([
  [undefined, ThrottleLevel.Warning],
  ['{"bot_score_from": 70}', ThrottleLevel.Normal],
  ['{"bot_score_from": 60}', ThrottleLevel.Warning],
])('with the rules %s a score of 65 leads to %d', async (rules, level) => {
  const throttle = await openWith(rules);
  throttle.observe('default', `s-${rules}`, '', {
    timestampMs: NOW,
    countsAsRequest: true,
    failed: false,
    botScore: 65,
    declaredSearchEngine: false,
  });
  expect(throttle.levelOf('default', 'session', `s-${rules}`).level).toBe(level);
  await throttle.close();
});

it.each([
  ['{"bot_score_from": 0}', 'bot_score_from is 0'],
  ['{"nonsense": 1}', '"nonsense" is not'],
  ['[', 'rules.json cannot be used'],
])('the rules %s stop the start: %s', async (rules, message) => {
  await expect(openWith(rules)).rejects.toMatchObject({ code: 'invalid_configuration', message: expect.stringContaining(message) });
});
