import { AnalyticsError, readLogClient } from '@systemprompt-analytics/core';
import type { LoggedClient, SessionLabel, SessionLabels } from './session-labels.js';

/** A line of a file of labels. */
export interface LabelLine {
  /** Counted from 1, as an editor counts. */
  readonly number: number;
  readonly text: string;
}

const FIELDS = ['ip', 'user_agent', 'label'] as const;
type Field = (typeof FIELDS)[number];
type Fields = Readonly<Partial<Record<Field, string>>>;

interface KnownLabel {
  readonly label: SessionLabel;
  readonly line: number;
  used: boolean;
}

/** Stands for a client that sends no user agent, as it does in a log. */
const NO_USER_AGENT = '-';
const SHOWN_CHARACTERS_MAX = 60;

/**
 * Reads labels that a person gave: who of a log is a bot and who is not.
 *
 * Either a table whose first line names its columns, separated by tabs when there is one in that line and else by commas, with values in
 * quotation marks where they need it (RFC 4180, but no value spans lines); or an object of JSON per line. Columns and fields are:
 * - `ip`: the client's address, or the host name where the log has names.
 * - `user_agent`: as the client sent it, `-` for none. Where it is left out or empty, the label holds for all clients of the address that
 *   have no label of their own.
 * - `label`: `bot` or `human`.
 *
 * @param name of the file, for messages
 * @throws AnalyticsError `invalid_json`, `missing_field`, `unknown_field`, `invalid_type` or `invalid_value`; it names the line, the field, the value and what is allowed
 */
export function readLabels(lines: Iterable<LabelLine>, name: string): SessionLabels {
  const labels = new Map<string, KnownLabel>();
  let read: ((line: LabelLine) => Fields) | undefined;
  for (const line of lines) {
    const at = `Line ${line.number} of ${name}`;
    if (read === undefined) {
      if (line.text.startsWith('{')) read = (json) => readJson(json.text, `Line ${json.number} of ${name}`);
      else {
        read = tableReader(line.text, name, at);
        continue;
      }
    }
    addLabel(labels, read(line), line.number, at);
  }
  if (labels.size === 0) throw new AnalyticsError('missing_field', `${name} has no labels; it must have one at least.`, { path: 'label' });
  return new FileLabels(labels);
}

class FileLabels implements SessionLabels {
  readonly fromUserAgent = false;
  readonly #labels: ReadonlyMap<string, KnownLabel>;

  constructor(labels: ReadonlyMap<string, KnownLabel>) {
    this.#labels = labels;
  }

  get unused(): number {
    let count = 0;
    for (const { used } of this.#labels.values()) if (!used) count += 1;
    return count;
  }

  labelOf({ address, userAgent }: LoggedClient): SessionLabel | undefined {
    const known = this.#labels.get(keyOf(address, userAgent || NO_USER_AGENT)) ?? this.#labels.get(keyOf(address, ''));
    if (known === undefined) return undefined;
    known.used = true;
    return known.label;
  }
}

function addLabel(labels: Map<string, KnownLabel>, fields: Fields, line: number, at: string): void {
  const { ip = '', user_agent: userAgent = '', label = '' } = fields;
  const client = readLogClient(ip.trim());
  const address = client?.ip ?? client?.clientName;
  if (address === undefined) throw fault(at, 'ip', ip, 'an IP address, or the host name that the log has in its place');
  if (label !== 'bot' && label !== 'human') throw fault(at, 'label', label, 'bot, human');
  const key = keyOf(address, userAgent);
  const known = labels.get(key);
  if (known !== undefined && known.label !== label)
    throw fault(at, 'label', label, `${known.label}, as line ${known.line} says of the same client`);
  if (known === undefined) labels.set(key, { label, line, used: false });
}

function keyOf(address: string, userAgent: string): string {
  return `${address}\n${userAgent}`;
}

function readJson(text: string, at: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AnalyticsError('invalid_json', `${at} is ${shown(text)}; allowed: one JSON object, since the first line begins with one.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AnalyticsError('invalid_type', `${at} is ${shown(text)}; allowed: one JSON object, since the first line is one.`);
  }
  const fields: Partial<Record<Field, string>> = {};
  for (const [name, content] of Object.entries(value)) {
    const field = fieldOf(name, at);
    if (typeof content !== 'string')
      throw new AnalyticsError('invalid_type', `${at}: ${field} is ${shown(JSON.stringify(content))}; allowed: a string.`, { path: field });
    fields[field] = content;
  }
  return fields;
}

function tableReader(header: string, name: string, at: string): (line: LabelLine) => Fields {
  const separator = header.includes('\t') ? '\t' : ',';
  const columns = splitRow(header, separator, at).map((column) => fieldOf(column.trim(), at));
  for (const field of ['ip', 'label'] as const) {
    if (columns.includes(field)) continue;
    throw new AnalyticsError('missing_field', `${at} names the columns ${columns.join(', ')}; it must name ${field} too.`, { path: field });
  }
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined)
    throw new AnalyticsError('invalid_value', `${at} names the column ${twice} twice; allowed: once.`, { path: twice });
  return ({ number, text }) => {
    const row = `Line ${number} of ${name}`;
    const values = splitRow(text, separator, row);
    if (values.length !== columns.length) {
      const hint = separator === ',' && values.length > columns.length ? '; a value with a comma in it stands in quotation marks' : '';
      throw new AnalyticsError(
        'invalid_value',
        `${row} has ${values.length} values; allowed: ${columns.length}, one for each column${hint}.`,
      );
    }
    return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? '']));
  };
}

function splitRow(text: string, separator: string, at: string): string[] {
  const values: string[] = [];
  for (let start = 0; start <= text.length; ) {
    const end = text.startsWith('"', start) ? endOfQuoted(text, start, separator, at) : endOfPlain(text, start, separator);
    const value = text.slice(start, end);
    values.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    start = end + separator.length;
  }
  return values;
}

function endOfPlain(text: string, start: number, separator: string): number {
  const end = text.indexOf(separator, start);
  return end === -1 ? text.length : end;
}

/** Behind the closing quotation mark; two of them within a value are one that belongs to it. */
function endOfQuoted(text: string, start: number, separator: string, at: string): number {
  let close = text.indexOf('"', start + 1);
  while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close === -1) throw fault(at, 'a value', text.slice(start), 'a value whose quotation mark is closed in the same line');
  const end = close + 1;
  if (end < text.length && !text.startsWith(separator, end)) {
    throw fault(at, 'a value', text.slice(start), 'nothing between the closing quotation mark and the next value');
  }
  return end;
}

function fieldOf(name: string, at: string): Field {
  const field = FIELDS.find((candidate) => candidate === name);
  if (field !== undefined) return field;
  throw new AnalyticsError('unknown_field', `${at} has ${shown(name)}; allowed: ${FIELDS.join(', ')}.`, { path: name });
}

function fault(at: string, field: string, value: string, allowed: string): AnalyticsError {
  return new AnalyticsError('invalid_value', `${at}: ${field} is ${shown(value)}; allowed: ${allowed}.`, { path: field });
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}...` : text);
}
