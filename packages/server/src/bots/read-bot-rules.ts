import { readFileSync } from 'node:fs';
import { AnalyticsError, BOT_RULES, type BotRules, readBotRules as readRules, reasonOf } from '@systemprompt-analytics/core';

/**
 * The rules of both profiles, with those of a JSON file in place of the built-in ones.
 *
 * @param file its path; empty for the built-in rules alone
 * @throws AnalyticsError `invalid_configuration` that names the file and what is wrong with it
 */
export function readBotRules(file: string): BotRules {
  if (file === '') return BOT_RULES;
  try {
    return readRules(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new AnalyticsError('invalid_configuration', `The bot rules ${file} cannot be used: ${reason}`, { cause });
  }
}
