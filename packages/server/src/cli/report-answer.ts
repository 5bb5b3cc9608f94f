import { AnalyticsError } from '@systemprompt-analytics/core';
import { isRecord, recordsField, textField } from './api-client.js';

/** One column of an answer. */
export interface AnswerColumn {
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
}

export type AnswerRow = Readonly<Record<string, unknown>>;

/** A report as the server answers it. Integers of 64 bits and exact amounts are text and stay text. */
export interface ReportAnswer {
  readonly report: string;
  readonly projectId: string;
  readonly since: string;
  readonly until: string;
  readonly timeZone: string;
  readonly parameters: AnswerRow;
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly AnswerRow[];
  readonly totals: AnswerRow | undefined;
  readonly truncated: boolean;
  readonly shape: string;
  readonly notes: readonly string[];
}

/**
 * Checks that an answer is a report.
 *
 * @throws AnalyticsError `internal` when something else answered
 */
export function readReportAnswer(value: unknown): ReportAnswer {
  if (!isRecord(value))
    throw new AnalyticsError('internal', 'The answer is not a report; are the server and this CLI of the same version?');
  const { parameters, totals, notes } = value;
  const columns = recordsField(value, 'columns').map((column) => {
    const unit = textField(column, 'unit');
    return { name: textField(column, 'name'), type: textField(column, 'type'), unit: unit === '' ? null : unit };
  });
  return {
    report: textField(value, 'report'),
    projectId: textField(value, 'project_id'),
    since: textField(value, 'since'),
    until: textField(value, 'until'),
    timeZone: knownTimeZone(textField(value, 'time_zone')),
    parameters: isRecord(parameters) ? parameters : {},
    columns,
    rows: recordsField(value, 'rows'),
    totals: isRecord(totals) ? totals : undefined,
    truncated: value['truncated'] === true,
    shape: textField(value, 'shape'),
    notes: Array.isArray(notes) ? notes.filter((note) => typeof note === 'string') : [],
  };
}

/** The server may know time zones this Node does not; its times are shown in UTC then, and said to be. */
function knownTimeZone(name: string): string {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone === '' ? 'UTC' : name;
  } catch {
    return 'UTC';
  }
}
