import { describeReport, REPORTS } from '../../reports/registry.js';
import type { Json } from './json.js';
import { FAILS, failures, jsonAnswer, PROJECT_PARAMETER } from './operations.js';
import { listOf, named, object, text, textOrNull, time } from './schemas.js';

type ReportDescription = ReturnType<typeof describeReport>;

/** Groups of reports, which are the tags of their operations. */
export function reportGroups(): string[] {
  return [...new Set(REPORTS.map((report) => report.group))];
}

/** The catalogue, and an operation for each report. */
export function reportPaths(): Json {
  const paths: Record<string, Json> = {
    '/v1/reports': {
      get: {
        tags: ['server'],
        operationId: 'listReports',
        summary: 'The reports with their parameters and columns',
        responses: {
          '200': jsonAnswer('The catalogue', object({ reports: listOf(named('ReportDescription'), 'All of them') })),
          ...failures(['unauthorized', 'forbidden'], FAILS.query),
        },
      },
    },
  };
  for (const report of REPORTS) {
    const description = describeReport(report);
    paths[description.path] = { get: reportOperation(description) };
  }
  return paths;
}

function reportOperation(report: ReportDescription): Json {
  return {
    tags: [report.group],
    operationId: `${report.group}_${report.name}`,
    summary: report.title,
    description: report.description,
    parameters: [
      ...report.parameters.map((parameter) => ({
        name: parameter.name,
        in: 'query',
        required: parameter.required === true,
        description: parameter.description,
        schema: {
          type: parameter.type === 'integer' ? 'integer' : 'string',
          ...(parameter.values === undefined ? {} : { enum: [...parameter.values] }),
          ...(parameter.default === undefined ? {} : { default: parameter.default }),
        },
      })),
      PROJECT_PARAMETER,
      {
        name: 'format',
        in: 'query',
        required: false,
        description: 'json, or csv as Accept: text/csv also says',
        schema: { type: 'string', enum: ['json', 'csv'], default: 'json' },
      },
    ],
    responses: {
      '200': {
        description: 'The report',
        content: { 'application/json': { schema: answerSchema(report) }, 'text/csv': { schema: { type: 'string' } } },
      },
      ...failures(FAILS.query, FAILS.admission, ['unknown_report', 'query_too_expensive'], FAILS.store),
    },
  };
}

const COLUMN_SCHEMAS: Readonly<Record<string, Json>> = {
  integer: { type: ['integer', 'null'] },
  microdollars: { type: ['integer', 'null'] },
  number: { type: ['number', 'null'] },
  ratio: { type: ['number', 'null'] },
  boolean: { type: ['boolean', 'null'] },
  timestamp: { type: ['string', 'null'], format: 'date-time' },
  list: { type: ['array', 'null'], items: { type: 'object' } },
};

function answerSchema(report: ReportDescription): Json {
  const row: Json = {
    type: 'object',
    properties: Object.fromEntries(
      report.columns.map((column) => [
        column.name,
        {
          ...(COLUMN_SCHEMAS[column.type] ?? { type: ['string', 'null'] }),
          description: column.unit === null ? column.description : `${column.description} (${column.unit})`,
        },
      ]),
    ),
  };
  return object({
    report: { const: `${report.group}.${report.name}` },
    project_id: { type: 'string' },
    since: time('Start of the range, included'),
    until: time('End of the range, not included'),
    time_zone: text("IANA name of the project's time zone"),
    parameters: {
      type: 'object',
      description: 'What was used, given or by default, but the range',
      additionalProperties: { type: ['string', 'number'] },
    },
    columns: listOf(named('Column'), 'Columns of the rows; where they depend on a parameter, those of its value'),
    rows: { type: 'array', items: row },
    totals: { oneOf: [row, { type: 'null' }] },
    truncated: { type: 'boolean', description: 'Are there more rows than the limit?' },
    shape: { type: 'string', enum: ['table', 'record', 'trend'] },
    notes: { type: 'array', items: { type: 'string' } },
  });
}

const TYPES = ['string', 'integer', 'number', 'ratio', 'timestamp', 'usd', 'microdollars', 'boolean', 'list'];

/** A column of a report. */
export const COLUMN: Json = object({
  name: text('Name of the field in the rows'),
  type: { type: 'string', enum: TYPES },
  unit: textOrNull('ms, tokens, ... or null for a plain count or text'),
  description: text('What the number means'),
});

/** A report as the catalogue has it. */
export const REPORT_DESCRIPTION: Json = object({
  group: { type: 'string' },
  name: { type: 'string' },
  title: { type: 'string' },
  description: { type: 'string' },
  path: text('Its address'),
  shape: { type: 'string', enum: ['table', 'record', 'trend'] },
  parameters: listOf(
    object(
      {
        name: { type: 'string' },
        type: { type: 'string' },
        description: { type: 'string' },
        required: { type: 'boolean' },
        positional: { type: 'boolean' },
        values: { type: 'array', items: { type: 'string' } },
        default: { type: ['string', 'number'] },
      },
      '',
      ['required', 'positional', 'values', 'default'],
    ),
    'What may be asked of it',
  ),
  columns: listOf(named('Column'), 'Columns of the answer; where they depend on a parameter, those of its default'),
});
