import { ESCALATION_CRITERIA, findThrottleLevel, mergeThrottleStates, type ThrottleState } from '@systemprompt-analytics/core';

/** Levels that several servers share. */
export interface SharedLevels {
  /** What all servers together know of a subject; undefined when nothing, or while the shared server is away. */
  read(key: string): Promise<ThrottleState | undefined>;
  /** Tells the others what this server knows, for so many milliseconds. */
  publish(key: string, state: ThrottleState, lifeMs: number): Promise<void>;
  /** Drops what all servers together know of a subject. */
  forget(key: string): Promise<void>;
}

/** A state as text that other servers read. */
export function writeSharedState(state: ThrottleState): string {
  return JSON.stringify(state);
}

/** One state out of what every server wrote; what is not a state, as a newer server may write it, is left out. */
export function mergeSharedStates(texts: readonly string[]): ThrottleState | undefined {
  const states = texts.map(readSharedState).filter((state) => state !== undefined);
  return states.length === 0 ? undefined : states.reduce(mergeThrottleStates);
}

function readSharedState(text: string): ThrottleState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const level = findThrottleLevel(fields['level']);
  const criterion = ESCALATION_CRITERIA.find((candidate) => candidate === fields['criterion']);
  const { sinceMs, lastEvidenceMs, byHandMs, reason } = fields;
  if (level === undefined || criterion === undefined || typeof reason !== 'string') return undefined;
  if (!isTime(sinceMs) || !isTime(lastEvidenceMs) || !isTime(byHandMs)) return undefined;
  return { level, sinceMs, lastEvidenceMs, criterion, reason, byHandMs };
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
