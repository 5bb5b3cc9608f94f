import type { AnomalyDimension } from '@systemprompt-analytics/core';

/** What a quantity is measured of. */
export interface Series {
  readonly projectId: string;
  readonly dimension: AnomalyDimension;
  /** Name of the agent, fingerprint, ...; empty for the whole project. */
  readonly dimensionValue: string;
}

/** Names and paths are told apart by their first so many characters: they are keys in memory, in tables and in messages. */
const VALUE_LENGTH_MAX = 256;

/** A name as the value of a dimension. */
export function dimensionValueOf(name: string): string {
  // The cut may go through a character that consists of two halves.
  return name.length <= VALUE_LENGTH_MAX ? name : name.slice(0, VALUE_LENGTH_MAX).toWellFormed();
}

/** Tells series apart; neither ids of projects nor dimensions contain a space. */
export function seriesKey(projectId: string, dimension: AnomalyDimension, dimensionValue: string): string {
  return `${projectId} ${dimension} ${dimensionValue}`;
}
