import {
  type AccessLogEntry,
  type AccessLogFormat,
  AnalyticsError,
  detectAccessLogFormat,
  inferSite,
  parseAccessLogLine,
} from '@systemprompt-analytics/core';
import { formatInteger } from '../format-value.js';

/** So many lines at the beginning decide over the format and the site. */
export const SAMPLE_LINES = 1000;
/** Where no line tells what site a log is of. */
const UNKNOWN_SITE = 'http://localhost';

/** How a log is read. */
export interface LogReading {
  readonly format: AccessLogFormat;
  /** Origin of the site, for lines that name no host, and the scheme for those that name no scheme. */
  readonly site: string;
}

/**
 * Decides how a log is read that begins with these lines, and tells what it decided and why.
 *
 * @param given what the command line says; it is not decided over
 * @throws AnalyticsError `invalid_parameter` when no line is one of an access log
 */
export function readSample(lines: readonly string[], given: Partial<LogReading>, say: (line: string) => void): LogReading {
  const format = given.format ?? decideFormat(lines, say);
  if (given.site !== undefined) return { format, site: given.site };
  const entries: AccessLogEntry[] = [];
  for (const line of lines) {
    const outcome = parseAccessLogLine(line, format);
    if (outcome.ok) entries.push(outcome.entry);
  }
  const inferred = inferSite(entries);
  const site = inferred ?? UNKNOWN_SITE;
  if (entries.every(({ host }) => host !== undefined)) {
    if (entries.some(({ scheme }) => scheme === undefined)) {
      say(`Taking ${new URL(site).protocol}// for the addresses of the lines, which name a host and no scheme; --site says otherwise.`);
    }
  } else if (inferred === undefined) say(`Taking ${site} for the site, since no line tells its name; --site names it.`);
  else say(`Taking ${site} for the site: most images, scripts and style sheets were asked for by its pages; --site names another.`);
  return { format, site };
}

function decideFormat(lines: readonly string[], say: (line: string) => void): AccessLogFormat {
  const format = detectAccessLogFormat(lines);
  if (format !== undefined) {
    say(`Reading the lines as ${format}; --format names another format.`);
    return format;
  }
  const [first] = lines;
  if (first === undefined) return 'combined';
  const outcome = parseAccessLogLine(first, first.startsWith('{') ? 'json' : 'combined');
  throw new AnalyticsError(
    'invalid_parameter',
    `None of the first ${formatInteger(lines.length)} lines is a line of an access log. Of the first: ${outcome.ok ? '' : outcome.fault.message}`,
  );
}
