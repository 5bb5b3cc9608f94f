import type { TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { AnalyticsError } from '@systemprompt-analytics/core';
import { BUCKETS, type Bucket, type ParameterValues, type ReportDefinition, type ReportScope } from '../definition.js';
import { BUCKET_MS, BUCKETS_MAX } from '../query/buckets.js';
import { readTime } from './read-time.js';
import { choicesOf, defaultRange, LIMIT_DEFAULT, parameterSchemas } from './report-parameters.js';

const DAY_MS = 86_400_000;
/** Ten years with their leap days: beyond it a mistyped year is likelier than a question. */
const RANGE_DAYS_MAX = 3660;
/** A trend without `group_by` shows hours up to here. */
const HOURLY_RANGE_MS_MAX = 2 * DAY_MS;

/** Where and when a report is asked for, its parameters as raw text. */
export interface ReportRequest {
  readonly projectId: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** The server's clock, UTC milliseconds. */
  readonly nowMs: number;
}

/** A request that was found valid. */
export interface ReadScope {
  readonly scope: ReportScope;
  /** Word of `sort_by`; empty where nothing is sorted. */
  readonly sortBy: string;
  /** What was used, given or by default, but the range. */
  readonly effective: Readonly<Record<string, string | number>>;
}

/**
 * Checks a request's parameters. Nothing is clamped or left out silently.
 *
 * @throws AnalyticsError `unknown_parameter` or `invalid_parameter` with the parameter's name as path
 */
export function readScope(definition: ReportDefinition, request: ReportRequest): ReadScope {
  const schemas = parameterSchemas(definition);
  for (const name of Object.keys(request.parameters)) {
    if (Object.hasOwn(schemas, name)) continue;
    throw new AnalyticsError(
      'unknown_parameter',
      `${quote(name)} is not a parameter of ${definition.group} ${definition.name}; it has: ${Object.keys(schemas).join(', ')}.`,
      {
        path: name,
      },
    );
  }
  const values: Record<string, string | number> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const value = readValue(name, schema, request.parameters[name]);
    if (value !== undefined) values[name] = value;
  }
  const { since, until, limit = LIMIT_DEFAULT, sort_by: sortBy = '', group_by: groupBy, ...own } = values;
  const range = readRange(definition, request, own, String(since), String(until));
  const bucket = BUCKETS.find((each) => each === groupBy) ?? (range.untilMs - range.sinceMs <= HOURLY_RANGE_MS_MAX ? 'hour' : 'day');
  if (definition.shape === 'trend') refuseManyBuckets(range, bucket);
  const { projectId, timeZone, nowMs } = request;
  const effective = {
    ...own,
    ...(definition.shape === 'trend' ? { group_by: bucket } : {}),
    ...(sortBy === '' ? {} : { sort_by: sortBy }),
    ...(definition.shape === 'table' ? { limit } : {}),
  };
  const sorted = definition.shape === 'table' && sortBy === '' ? (definition.sortable[0] ?? '') : String(sortBy);
  return { scope: { projectId, timeZone, nowMs, ...range, bucket, limit: Number(limit), parameters: own }, sortBy: sorted, effective };
}

function readValue(name: string, schema: TSchema, given: string | undefined): string | number | undefined {
  if (given === undefined) {
    const fallback: unknown = schema['default'];
    if (typeof fallback === 'string' || typeof fallback === 'number') return fallback;
    if (schema['positional'] === true) {
      throw new AnalyticsError('invalid_parameter', `${name} is missing; it names what is to be shown.`, { path: name });
    }
    return undefined;
  }
  const value = schema['type'] === 'integer' && /^-?\d{1,15}$/.test(given) ? Number(given) : given;
  if (Value.Check(schema, value)) return value as string | number;
  throw new AnalyticsError('invalid_parameter', `${name} is ${quote(given)}; allowed: ${allowedBy(schema)}.`, { path: name });
}

function allowedBy(schema: TSchema): string {
  const choices = choicesOf(schema);
  if (choices !== undefined) return choices.join(', ');
  if (schema['type'] === 'integer') return `a whole number from ${String(schema['minimum'])} to ${String(schema['maximum'])}`;
  if (typeof schema['allowed'] === 'string') return schema['allowed'];
  return `${String(schema['minLength'] ?? 0)} to ${String(schema['maxLength'])} characters`;
}

interface Range {
  readonly sinceMs: number;
  readonly untilMs: number;
}

function readRange(definition: ReportDefinition, request: ReportRequest, own: ParameterValues, since: string, until: string): Range {
  const { nowMs, timeZone } = request;
  if (definition.shape === 'table' && definition.rangeFor !== undefined) return definition.rangeFor(own, nowMs);
  const untilMs = until === 'now' ? nowMs : readTime('until', until, { anchorMs: nowMs, timeZone });
  const sinceMs = readTime('since', since, { anchorMs: untilMs, timeZone });
  const refuse = (reason: string): never => {
    throw new AnalyticsError('invalid_parameter', reason, { path: 'since' });
  };
  if (sinceMs >= untilMs) {
    const fallback = request.parameters['since'] === undefined ? ` (the default, ${defaultRange(definition)})` : '';
    refuse(`since is ${iso(sinceMs)}${fallback}; allowed: a time before until, which is ${iso(untilMs)}.`);
  }
  if (untilMs - sinceMs > RANGE_DAYS_MAX * DAY_MS) {
    refuse(`since is ${iso(sinceMs)}; allowed: at most ${RANGE_DAYS_MAX} days before until, which is ${iso(untilMs)}.`);
  }
  return { sinceMs, untilMs };
}

function refuseManyBuckets({ sinceMs, untilMs }: Range, bucket: Bucket): void {
  const buckets = (each: Bucket): number => Math.ceil((untilMs - sinceMs) / BUCKET_MS[each]);
  if (buckets(bucket) <= BUCKETS_MAX) return;
  const coarser = BUCKETS.find((each) => buckets(each) <= BUCKETS_MAX) ?? 'week';
  throw new AnalyticsError(
    'invalid_parameter',
    `group_by is ${bucket}, which makes ${buckets(bucket)} buckets of this range; at most ${BUCKETS_MAX} are answered. Use group_by=${coarser} or a shorter range.`,
    { path: 'group_by' },
  );
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
