import { describe, expect, it } from 'vitest';
import { toCsv } from './csv.js';
import { describeReport, REPORTS } from './registry.js';
import type { ReportAnswer } from './run-report.js';

const column = (name: string, type: 'string' | 'integer' | 'number' | 'usd' | 'list' | 'timestamp') => ({
  name,
  type,
  unit: null,
  description: '',
});

function csv(columns: ReportAnswer['columns'], rows: ReportAnswer['rows']): string {
  return toCsv({
    report: 'costs.breakdown',
    project_id: 'default',
    since: '',
    until: '',
    time_zone: 'UTC',
    parameters: {},
    columns,
    rows,
    totals: { cost_usd: '9' },
    truncated: false,
    shape: 'table',
    notes: [],
  });
}

describe('CSV', () => {
  it('has a header, CRLF, empty cells for null and no totals', () => {
    const rows = [
      { model: 'small', cost_usd: '0.000000000001', requests: 12 },
      { model: null, cost_usd: null, requests: 0 },
    ];
    expect(csv([column('model', 'string'), column('cost_usd', 'usd'), column('requests', 'integer')], rows)).toBe(
      'model,cost_usd,requests\r\nsmall,0.000000000001,12\r\n,,0\r\n',
    );
    expect(csv([column('model', 'string')], [])).toBe('model\r\n');
  });

  it.each([
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['=1+1', "'=1+1"],
    ['+49', "'+49"],
    ['-x', "'-x"],
    ['@sum', "'@sum"],
    ['\tx', "'\tx"],
    ['\r=1', '"\'\r=1"'],
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
    ['a=1', 'a=1'],
    ['', ''],
  ])('writes the text %j as %j', (text, cell) => {
    expect(csv([column('model', 'string')], [{ model: text }])).toBe(`model\r\n${cell}\r\n`);
  });

  it('leaves numbers, also negative ones, as they are', () => {
    expect(csv([column('change', 'number'), column('cost_usd', 'usd')], [{ change: -0.25, cost_usd: '-1.5' }])).toBe(
      'change,cost_usd\r\n-0.25,-1.5\r\n',
    );
  });

  it('writes lists as JSON, whatever their texts', () => {
    const rows = [{ errors: [{ error_type: '=cmd', tasks: 2 }], more: [] }];
    expect(csv([column('errors', 'list'), column('more', 'list')], rows)).toBe(
      'errors,more\r\n"[{""error_type"":""=cmd"",""tasks"":2}]",[]\r\n',
    );
  });

  it('does not let a column name be a formula', () => {
    expect(csv([column('=x', 'string')], [])).toBe("'=x\r\n");
  });
});

describe('the catalogue', () => {
  const descriptions = REPORTS.map((definition) => describeReport(definition));

  it('names every report once, with an address', () => {
    const paths = descriptions.map((report) => report.path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toContain('/v1/reports/overview');
    expect(paths).toContain('/v1/reports/costs/breakdown');
    expect(descriptions.every((report) => report.title !== '' && report.description.endsWith('.'))).toBe(true);
  });

  it('describes every parameter and column, in names the command line can take', () => {
    const reserved = ['json', 'export', 'project', 'project_id', 'format', 'url', 'key', 'data', 'interval'];
    for (const { path, parameters, columns } of descriptions) {
      for (const { name, description } of [...parameters, ...columns]) {
        expect(name, path).toMatch(/^[a-z][a-z0-9_]*$/);
        expect(description, `${path} ${name}`).not.toBe('');
      }
      expect(parameters.filter((parameter) => reserved.includes(parameter.name))).toEqual([]);
    }
  });

  it('tells the command line what to offer', () => {
    const find = (path: string) => descriptions.find((report) => report.path === path);
    expect(find('/v1/reports/agents/show')?.parameters[0]).toMatchObject({
      name: 'agent',
      type: 'string',
      required: true,
      positional: true,
    });
    expect(find('/v1/reports/costs/breakdown')?.parameters[0]).toMatchObject({ name: 'by', type: 'string', default: 'model' });
    const trends = find('/v1/reports/costs/trends')?.parameters ?? [];
    expect(trends.find((each) => each.name === 'group_by')).toMatchObject({ type: 'enum', values: ['hour', 'day', 'week'] });
    expect(trends.find((each) => each.name === 'since')).toMatchObject({ type: 'time', default: '7d' });
    const live = find('/v1/reports/sessions/live')?.parameters ?? [];
    expect(live.find((each) => each.name === 'minutes')).toMatchObject({ type: 'integer', default: '30' });
  });
});
