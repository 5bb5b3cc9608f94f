import { Value } from '@sinclair/typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AnswerColumn, answerColumns, definedColumns } from '../answer/answer-columns.js';
import type { ColumnDefinition, ReportDefinition } from '../definition.js';
import { choicesOf, parameterSchemas } from '../parameters/report-parameters.js';
import { REPORTS } from '../registry.js';
import type { ReportAnswer } from '../run-report.js';
import { openReports, sendAll, type TestReports } from '../testing/open-reports.js';
import { NOW_MS, seedRecords } from '../testing/report-seed.js';
import { seedTraffic } from '../testing/traffic-seed.js';
import * as repositories from './index.js';
import { CostAnalyticsRepository, ReportRepository, RequestAnalyticsRepository, TrafficAnalyticsRepository } from './index.js';
import { type MethodType, type Properties, type PropertyType, readMethodTypes } from './testing/read-method-types.js';

type Asked = readonly [definition: ReportDefinition, projectId: string, parameters: Readonly<Record<string, string>>];
type Method = (projectId: string, ...given: unknown[]) => Promise<ReportAnswer>;
type Repository = new (reader: repositories.ReportReader) => ReportRepository;

const CLASSES = Object.entries(repositories).filter(
  (entry): entry is [string, Repository] => entry[1].prototype instanceof ReportRepository,
);
const TYPES = readMethodTypes();
/** What a report cannot do without. */
const REQUIRED: Readonly<Record<string, string>> = { agent: 'planner', tool: 'search' };

/** A repository whose questions are kept instead of answered. */
function listen(Class: Repository): { readonly repository: ReportRepository; readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const report: repositories.ReportReader['report'] = (...question) => {
    asked.push(question);
    return new Promise(() => undefined);
  };
  return { repository: new Class({ report }), asked };
}

function methodOf(repository: ReportRepository, name: string): Method {
  const method: Method = Reflect.get(repository, name);
  return method.bind(repository);
}

const METHODS = CLASSES.flatMap(([className, Class]) =>
  [...(TYPES.get(className) ?? [])].map(([name, type]) => {
    const { repository, asked } = listen(Class);
    void methodOf(repository, name)('default', ...type.required.map((each) => REQUIRED[each]));
    const [definition] = asked[0] ?? [];
    if (definition === undefined) throw new TypeError(`${className}.${name} asks for nothing`);
    return { title: `${className}.${name}`, Class, name, type, definition };
  }),
);

/** Columns that name a row, as the compiler may know them: all that it could be broken down by. */
function optionalColumns({ row }: MethodType): string[] {
  return Object.keys(row).filter((name) => row[name]?.optional === true);
}

const TEXTS = ['string', 'timestamp', 'usd'];

function expectFits(column: AnswerColumn, property: PropertyType | undefined, items: readonly ColumnDefinition[] = []): void {
  const { name, type } = column;
  const kind = type === 'list' ? 'list' : TEXTS.includes(type) ? 'text' : 'number';
  expect(property?.kinds, name).toEqual([kind]);
  // The empty text is answered as null, so that every text may be.
  if (type === 'string') expect(property?.nullable, name).toBe(true);
  if (property === undefined || type !== 'list') return;
  expect(Object.keys(property.items).sort(), name).toEqual(items.map((item) => item.name).sort());
  for (const item of answerColumns(items)) expectFits(item, property.items[item.name]);
}

describe('the repositories', () => {
  it('have a method for every report, and one only', () => {
    expect(METHODS.map(({ definition }) => definition).sort(byName)).toEqual([...REPORTS].sort(byName));
    for (const [className, methods] of TYPES) {
      if (className !== 'ReportRepository') expect([...methods.keys()], className).not.toEqual([]);
    }
  });

  it.each(METHODS)('$title has the columns of its report', ({ type, definition }) => {
    const columns = answerColumns(definedColumns(definition));
    const keys = definition.shape === 'table' ? definition.keys : [];
    // The column of a breakdown bears a name that is chosen with the question.
    const named = columns.filter(({ name }) => !(definition.group === 'costs' && definition.name === 'breakdown' && name === 'model'));
    const optional = optionalColumns(type);
    expect(Object.keys(type.row).sort()).toEqual([...new Set([...named.map(({ name }) => name), ...optional])].sort());
    expect(optional.filter((name) => !keys.includes(name))).toEqual([]);
    for (const column of named) {
      expectFits(column, type.row[column.name], definition.columns.find(({ name }) => name === column.name)?.items);
    }
    const measures = named.filter(({ name }) => !keys.includes(name)).map(({ name }) => name);
    const hasTotals = definition.shape === 'table' && keys.length > 0;
    expect(type.totals === undefined ? undefined : Object.keys(type.totals).sort()).toEqual(hasTotals ? measures.sort() : undefined);
  });

  it.each(METHODS)('$title takes the parameters of its report', ({ type, definition }) => {
    const schemas = parameterSchemas(definition);
    const options = Object.fromEntries(Object.entries(type.options).map(([name, option]) => [wireName(name), option]));
    expect([...Object.keys(options), ...type.required].sort()).toEqual(Object.keys(schemas).sort());
    for (const [name, option] of Object.entries(options)) {
      expect(option.optional, name).toBe(true);
      const schema = schemas[name];
      const choices = schema === undefined ? undefined : choicesOf(schema);
      if (name === 'sort_by') expectSorts(definition, option, type.row);
      else if (choices !== undefined) expect([...option.literals].sort(), name).toEqual(choices.sort());
      else if (schema !== undefined) for (const literal of option.literals) expect(Value.Check(schema, literal), literal).toBe(true);
      expect(option.kinds, name).toEqual([schema?.['type'] === 'integer' ? 'number' : 'text']);
    }
  });
});

function expectSorts(definition: ReportDefinition, { literals }: PropertyType, row: Properties): void {
  const sortable = definition.shape === 'table' ? definition.sortable : [];
  const words = answerColumns(definedColumns(definition)).map(({ name }) => name);
  const known = sortable.flatMap((name) => (words.includes(name) ? [name] : [`${name}_usd`, `${name}_microdollars`]));
  expect(known.filter((name) => !literals.includes(name))).toEqual([]);
  expect(literals.filter((name) => row[name] === undefined)).toEqual([]);
}

function byName(one: ReportDefinition, other: ReportDefinition): number {
  return `${one.group}.${one.name}` < `${other.group}.${other.name}` ? -1 : 1;
}

function wireName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

describe('what is asked', () => {
  it('has the names of a query string, as texts, without what is undefined', () => {
    const { repository, asked } = listen(TrafficAnalyticsRepository);
    const traffic = repository as TrafficAnalyticsRepository;
    void traffic.sources('shop', { by: 'host', since: '7d', until: undefined, sortBy: 'page_views', limit: 5, include: 'all' });
    void traffic.trends('shop', { groupBy: 'week' });
    expect(asked.map(([{ group, name }, projectId, parameters]) => ({ report: `${group}.${name}`, projectId, parameters }))).toEqual([
      {
        report: 'traffic.sources',
        projectId: 'shop',
        parameters: { by: 'host', since: '7d', sort_by: 'page_views', limit: '5', include: 'all' },
      },
      { report: 'traffic.trends', projectId: 'shop', parameters: { group_by: 'week' } },
    ]);
  });
});

describe('on a store', () => {
  let reports: TestReports;
  beforeAll(async () => {
    reports = await openReports();
    await sendAll(reports, [...seedRecords(reports.product.prices, 700).events, ...seedTraffic(60).events]);
    await sendAll(reports, [{ type: 'page_view', session_id: 'now', page_url: 'https://site.example/now', timestamp: NOW_MS - 60_000 }]);
  });
  afterAll(() => reports.close());

  /** Everything that the compiler takes for a value is one. */
  function expectHonest(row: object, types: Properties): void {
    for (const [name, value] of Object.entries(row)) {
      const type = types[name];
      if (type === undefined) continue;
      if (value === null) expect(type.nullable, name).toBe(true);
      else if (Array.isArray(value)) for (const item of value) expectHonest(item, type.items);
      else expect(type.kinds, name).toContain(typeof value === 'string' ? 'text' : typeof value);
    }
  }

  it.each(METHODS)('$title answers as its report does, with what its type says', async ({ Class, name, type, definition }) => {
    const required = Object.fromEntries(type.required.map((each) => [each, REQUIRED[each] ?? '']));
    const range = 'since' in type.options ? { since: '11d' } : {};
    // Everything there is, what the defaults show, and a range in which nothing happened.
    for (const given of [range, {}, 'since' in type.options ? { since: '1d', until: '30d' } : {}]) {
      const answer = await methodOf(new Class(reports.product), name)('default', ...Object.values(required), given);
      const { columns, rows, totals, report } = answer;
      expect({ columns, rows, totals, report }).toEqual(
        pick(await reports.report(`${definition.group}.${definition.name}`, { ...required, ...given })),
      );
      for (const row of rows) expectHonest(row, type.row);
      if (totals !== null) expectHonest(totals, type.totals ?? {});
      if (given === range) expect(rows.length).toBeGreaterThan(0);
    }
  });

  it('breaks down by what is asked for, with the column of its name', async () => {
    const costs = new CostAnalyticsRepository(reports.product);
    const { rows, totals } = await costs.breakdown('default', { by: 'properties.team', since: '11d', sortBy: 'requests' });
    const teams: (string | number | null | undefined)[] = rows.map((row) => row['properties.team']);
    expect(teams).toEqual(expect.arrayContaining(['red', 'blue', null]));
    expect(rows.reduce((sum, row) => sum + row.requests, 0)).toBe(totals?.requests);
  });

  it('refuses what its report refuses, and names it', async () => {
    const requests = new RequestAnalyticsRepository(reports.product);
    await expect(requests.list('default', { limit: 0 })).rejects.toMatchObject({ code: 'invalid_parameter', path: 'limit' });
    await expect(requests.list('default', { sortBy: 'agent' })).rejects.toMatchObject({ code: 'invalid_parameter', path: 'sort_by' });
    await expect(requests.stats('nobody')).rejects.toMatchObject({ code: 'unknown_project' });
    const misspelt = { sice: '7d' };
    await expect(requests.stats('default', misspelt as object)).rejects.toMatchObject({ code: 'unknown_parameter', path: 'sice' });
  });
});

function pick({ columns, rows, totals, report }: ReportAnswer): Partial<ReportAnswer> {
  return { columns, rows, totals, report };
}
