import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { render, sql } from '../store/sql.js';
import { answerColumns, definedColumns } from './answer/answer-columns.js';
import { DIMENSIONS } from './costs/breakdown.js';
import type { ColumnDefinition, ParameterValues, ReportDefinition } from './definition.js';
import { readScope } from './parameters/read-scope.js';
import { describeReport, REPORTS } from './registry.js';
import { statementsOf } from './run-report.js';
import { openReports, sendAll, type TestReports } from './testing/open-reports.js';
import { NOW_MS, seedRecords } from './testing/report-seed.js';
import { seedTraffic } from './testing/traffic-seed.js';

let reports: TestReports;
beforeAll(async () => {
  reports = await openReports();
});
afterAll(() => reports.close());

const GIVEN: Readonly<Record<string, string>> = { agent: 'planner', tool: 'search' };
/** Parameters that change what a report is made of. */
const NARROWING = ['by', 'status'];

/** Every value of every closed list, alone and beside each value of those that narrow, and what a report cannot do without. */
function variantsOf(definition: ReportDefinition): Record<string, string>[] {
  const { parameters } = describeReport(definition);
  const required = Object.fromEntries(
    parameters.filter((each) => each.required === true).map((each) => [each.name, GIVEN[each.name] ?? '']),
  );
  const range: Record<string, string> = parameters.some((each) => each.name === 'since') ? { since: '11d' } : {};
  const choices = parameters.flatMap(({ name, values }) => {
    // The three words for sorting by cost make the same statement.
    const sortable = definition.shape === 'table' && name === 'sort_by' ? definition.sortable : values;
    const given = name === 'by' && values === undefined ? [...Object.keys(DIMENSIONS), 'properties.team'] : sortable;
    return given === undefined ? [] : [given.map((value) => ({ [name]: value }))];
  });
  const variants = [{ ...required, ...range }];
  for (const [index, choice] of choices.entries()) {
    variants.push(...choice.map((given) => ({ ...required, ...range, ...given })));
    if (!choice.some((given) => NARROWING.some((name) => name in given))) continue;
    const others = choices.filter((_, other) => other !== index).flat();
    variants.push(...choice.flatMap((given) => others.map((other) => ({ ...required, ...range, ...given, ...other }))));
  }
  return [...new Map(variants.map((variant) => [JSON.stringify(Object.entries(variant).sort()), variant])).values()];
}

const CASES = REPORTS.flatMap((definition) => variantsOf(definition).map((parameters) => ({ definition, parameters })));

function nameOf(definition: ReportDefinition): string {
  return `${definition.group}.${definition.name}`;
}

async function explainAll(definition: ReportDefinition, parameters: Record<string, string>): Promise<void> {
  const { scope, sortBy } = readScope(definition, { projectId: 'default', timeZone: 'Europe/Berlin', parameters, nowMs: NOW_MS });
  for (const statement of statementsOf(definition, scope, sortBy)) {
    const plan = await reports.product.store.query(render(sql`EXPLAIN ${statement}`));
    expect(plan.length).toBeGreaterThan(0);
  }
}

async function checkAnswer(definition: ReportDefinition, parameters: Record<string, string>): Promise<number> {
  const answer = await reports.report(nameOf(definition), parameters, { timeZone: 'Europe/Berlin' });
  const names = answer.columns.map((column) => column.name);
  expect(new Set(names).size).toBe(names.length);
  for (const row of answer.rows) expect(Object.keys(row)).toEqual(names);
  expect(names).toEqual(answerColumns(columnsOf(definition, answer.parameters)).map((column) => column.name));
  if (answer.totals !== null) expect(Object.keys(answer.totals)).toEqual(names.slice(keysOf(definition, answer.parameters)));
  for (const value of answer.rows.flatMap((row) => Object.values(row))) expect(value).toSatisfy(isAnswerValue);
  return answer.rows.length;
}

function columnsOf(definition: ReportDefinition, parameters: ParameterValues): readonly ColumnDefinition[] {
  const given = definition.shape === 'table' ? definition.columnsFor?.(parameters) : undefined;
  return given ?? definedColumns(definition);
}

/** How many columns name a row; they stand first. */
function keysOf(definition: ReportDefinition, parameters: ParameterValues): number {
  if (definition.shape !== 'table') return 0;
  return columnsOf(definition, parameters).filter((column) => definition.keys.includes(column.source ?? column.name)).length;
}

function isAnswerValue(value: unknown): boolean {
  return value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value) || Array.isArray(value);
}

const UNDER_TEST = CASES.map(({ definition, parameters }) => ({
  name: `${nameOf(definition)} ${JSON.stringify(parameters)}`,
  definition,
  parameters,
}));

describe('on an empty store', () => {
  it.each(UNDER_TEST)('$name', async ({ definition, parameters }) => {
    await explainAll(definition, parameters);
    const rows = await checkAnswer(definition, parameters);
    if (definition.shape === 'table' || (definition.shape === 'record' && definition.presence !== undefined)) expect(rows).toBe(0);
    else expect(rows).toBeGreaterThan(0);
  });

  it.each([
    'overview.overview',
    'costs.summary',
    'requests.stats',
    'agents.stats',
    'tools.stats',
    'conversations.stats',
    'sessions.stats',
    'content.stats',
  ])('%s counts nothing and claims nothing', async (name) => {
    const { rows, columns, notes } = await reports.report(name);
    for (const { name: column, type } of columns) {
      const known = ['integer', 'usd', 'microdollars'].includes(type) && !column.includes('average');
      expect(rows[0]?.[column], column).toEqual(known ? (type === 'usd' ? '0' : 0) : null);
    }
    expect(notes).toEqual([]);
  });
});

describe('on a seeded store', () => {
  beforeAll(async () => {
    await sendAll(reports, seedRecords(reports.product.prices, 600).events);
    await sendAll(reports, seedTraffic(150).events);
    const probe = { type: 'http_request', ip: '203.0.113.7', user_agent: 'curl/8.5.0', page_url: 'https://site.example/.env' };
    await sendAll(reports, [{ ...probe, status_code: 404, timestamp: NOW_MS - 60_000 }]);
  });

  // A status only narrows the rows, the same way in every report: its combinations were tried above.
  it.each(UNDER_TEST.filter(({ parameters }) => Object.keys(parameters).length < 3 || parameters['status'] === undefined))(
    '$name',
    async ({ definition, parameters }) => {
      expect(await checkAnswer(definition, parameters)).toBeGreaterThan(0);
    },
  );
});
