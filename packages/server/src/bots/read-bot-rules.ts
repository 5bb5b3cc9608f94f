import { readFileSync } from 'node:fs';
import { AnalyticsError, BEHAVIORAL_RULES, type BehavioralRules, readBehavioralRules } from '@systemprompt-analytics/core';

/**
 * The rules of the seven signals, with those of a JSON file in place of the built-in ones.
 *
 * @param file its path; empty for the built-in rules alone
 * @throws AnalyticsError `invalid_configuration` that names the file and what is wrong with it
 */
export function readBotRules(file: string): BehavioralRules {
  if (file === '') return BEHAVIORAL_RULES;
  try {
    return readBehavioralRules(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AnalyticsError('invalid_configuration', `The bot rules ${file} cannot be used: ${reason}`, { cause });
  }
}
