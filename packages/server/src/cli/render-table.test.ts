import { describe, expect, it } from 'vitest';
import { renderTable, type TableColumn } from './render-table.js';
import { createPaint, displayWidth } from './terminal.js';

const COLUMNS: TableColumn[] = [
  { header: 'model', align: 'left' },
  { header: 'requests', align: 'right' },
  { header: 'cost_usd', align: 'decimal' },
];
const ROWS = [
  ['large', '1,200', '$12.5'],
  ['a-small-model', '7', '$0.000125'],
  ['模型', '30', '-'],
];
const PIPE = { columns: undefined, paint: createPaint(false) };
const terminal = (columns: number) => ({ columns, paint: createPaint(false) });

describe('renderTable', () => {
  it('aligns text left, numbers right and amounts at their decimal point', () => {
    expect(renderTable(COLUMNS, ROWS, ['total', '1,237', '$12.500125'], PIPE)).toEqual([
      'model          requests    cost_usd',
      'large             1,200  $12.5',
      'a-small-model         7   $0.000125',
      '模型                 30    -',
      '───────────────────────────────────',
      'total             1,237  $12.500125',
    ]);
  });

  it('has no rule without totals and draws only headers without rows', () => {
    expect(renderTable(COLUMNS, [], undefined, PIPE)).toEqual(['model  requests  cost_usd']);
  });

  it('keeps every cell whole in a pipe', () => {
    const long = 'x'.repeat(500);
    expect(renderTable([{ header: 'name', align: 'left' }], [[long]], undefined, PIPE)).toEqual(['name', long]);
  });

  it('breaks headers first on a narrow terminal', () => {
    const columns: TableColumn[] = [
      { header: 'agent', align: 'left' },
      { header: 'average_latency_ms', align: 'right' },
    ];
    expect(renderTable(columns, [['planner', '1.5']], undefined, terminal(24))).toEqual([
      '         average_',
      '         latency_',
      'agent          ms',
      'planner       1.5',
    ]);
    expect(renderTable(columns, [['planner', '1.5']], undefined, terminal(40))).toEqual([
      'agent    average_latency_ms',
      'planner                 1.5',
    ]);
  });

  it('then cuts text, numbers never', () => {
    const columns: TableColumn[] = [
      { header: 'agent', align: 'left' },
      { header: 'requests', align: 'right' },
    ];
    expect(renderTable(columns, [['an-agent-with-quite-a-long-name', '1,234,567']], undefined, terminal(30))).toEqual([
      'agent                 requests',
      'an-agent-with-quit…  1,234,567',
    ]);
  });

  it('cuts neither an id nor a time, and goes on below instead', () => {
    const columns: TableColumn[] = [
      { header: 'session_id', align: 'left', whole: true },
      { header: 'agent', align: 'left' },
      { header: 'started_at', align: 'left', whole: true },
    ];
    const row = ['v_Mc0IlDhDpQX2RoW8YrNP3w', 'an-agent-with-a-name', '2026-03-01 12:00:00'];
    expect(renderTable(columns, [row], undefined, terminal(44))).toEqual([
      'session_id                agent',
      'v_Mc0IlDhDpQX2RoW8YrNP3w  an-agent-with-a…',
      '',
      'session_id                started_at',
      'v_Mc0IlDhDpQX2RoW8YrNP3w  2026-03-01 12:00:00',
    ]);
    const long = 'x'.repeat(60);
    expect(renderTable(columns, [[long, 'a', 'b']], undefined, terminal(44)).at(-1)).toMatch(/^x{16,}… {2}a {6}b$/);
  });

  it('goes on with further columns in a block below, repeating what names the rows', () => {
    const columns: TableColumn[] = ['agent', 'aaaaaaaa', 'bbbbbbbb', 'cccccccc'].map((header, index) => ({
      header,
      align: index === 0 ? 'left' : 'right',
    }));
    const lines = renderTable(columns, [['planner', '1', '2', '3']], ['total', '1', '2', '3'], terminal(28));
    expect(lines).toEqual([
      'agent    aaaaaaaa  bbbbbbbb',
      'planner         1         2',
      '───────────────────────────',
      'total           1         2',
      '',
      'agent    cccccccc',
      'planner         3',
      '─────────────────',
      'total           3',
    ]);
    expect(lines.every((line) => displayWidth(line) <= 28)).toBe(true);
  });

  it('marks headers and totals where colours are welcome', () => {
    const lines = renderTable([{ header: 'name', align: 'left' }], [['a']], ['total'], { columns: 80, paint: createPaint(true) });
    expect(lines).toEqual(['\u001b[1mname\u001b[22m', 'a', '\u001b[2m─────\u001b[22m', '\u001b[1mtotal\u001b[22m']);
  });
});
