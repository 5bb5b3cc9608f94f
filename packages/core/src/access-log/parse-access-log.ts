import { ACCESS_LOG_FORMATS, type AccessLogFormat, type AccessLogOutcome } from './access-log-entry.js';
import { parseJsonLine } from './json-log-line.js';
import { parseTextLine } from './text-log-line.js';

/**
 * Reads one line of an access log, without its line break. A line with a client, a time and a status is a request and is
 * read, whatever was asked for: scanners send what is no HTTP. Everything else is a fault that names the part.
 *
 * Never throws, and takes time in proportion to the line's length.
 */
export function parseAccessLogLine(line: string, format: AccessLogFormat): AccessLogOutcome {
  switch (format) {
    case 'combined':
      return parseTextLine(line, true);
    case 'common':
      return parseTextLine(line, false);
    case 'json':
      return parseJsonLine(line);
  }
}

/**
 * The format that most of these lines have: `combined` rather than `common` where a line has a referrer and a user agent.
 *
 * @returns undefined when no line is of any known format
 */
export function detectAccessLogFormat(lines: Iterable<string>): AccessLogFormat | undefined {
  const counts = new Map<AccessLogFormat, number>();
  for (const line of lines) {
    const format = ACCESS_LOG_FORMATS.find((candidate) => isOfFormat(line, candidate));
    if (format !== undefined) counts.set(format, (counts.get(format) ?? 0) + 1);
  }
  const [first, ...others] = counts;
  if (first === undefined) return undefined;
  return others.reduce((best, candidate) => (candidate[1] > best[1] ? candidate : best), first)[0];
}

/** A line without a user agent can be read as `combined`, but is `common`. */
function isOfFormat(line: string, format: AccessLogFormat): boolean {
  const outcome = parseAccessLogLine(line, format);
  return outcome.ok && (format !== 'combined' || outcome.entry.userAgent !== undefined);
}
