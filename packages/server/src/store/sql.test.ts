import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { bind, identifier, integers, join, render, sql, statement } from './sql.js';

describe('render', () => {
  it('numbers binds in the order they stand, through nested fragments', () => {
    const inner = sql`b = ${bind.string('two')} AND c IN ${bind.strings(['3', '4'])}`;
    const query = render(sql`SELECT ${bind.uint(1)} WHERE ${inner} AND d > ${bind.float(0.5)}`);
    expect(query).toEqual({
      text: 'SELECT {p0:UInt64} WHERE b = {p1:String} AND c IN {p2:Array(String)} AND d > {p3:Float64}',
      binds: { p0: 1, p1: 'two', p2: ['3', '4'], p3: 0.5 },
    });
  });

  it('gives a fragment that is used twice binds of their own', () => {
    const project = sql`project_id = ${bind.string('p')}`;
    expect(render(sql`${project} OR ${project}`)).toEqual({
      text: 'project_id = {p0:String} OR project_id = {p1:String}',
      binds: { p0: 'p', p1: 'p' },
    });
  });

  it('never writes a value into the text', () => {
    const hostile = "'; DROP TABLE projects; -- {p7:String}";
    expect(render(sql`SELECT ${bind.string(hostile)}`)).toEqual({ text: 'SELECT {p0:String}', binds: { p0: hostile } });
  });

  it('binds times as milliseconds', () => {
    expect(render(sql`${bind.timeMs(1_700_000_000_123)}`)).toEqual({
      text: "fromUnixTimestamp64Milli({p0:Int64}, 'UTC')",
      binds: { p0: 1_700_000_000_123 },
    });
  });

  it('starts to count anew with each statement', () => {
    const fragment = sql`${bind.string('x')}`;
    expect(render(fragment)).toEqual(render(fragment));
  });
});

describe('join', () => {
  it.each([
    [[], ', ', ''],
    [[sql`a`], ' AND ', 'a'],
    [[sql`a`, sql`b`, sql`c`], undefined, 'a, b, c'],
    [[sql`a`, sql`b`], ' UNION ALL ', 'a UNION ALL b'],
  ] as const)('puts %j together', (fragments, separator, text) => {
    expect(render(join(fragments, separator)).text).toBe(text);
  });

  it('keeps the binds of its fragments', () => {
    expect(render(join([sql`a = ${bind.uint(1)}`, sql`b = ${bind.uint(2)}`], ' AND '))).toEqual({
      text: 'a = {p0:UInt64} AND b = {p1:UInt64}',
      binds: { p0: 1, p1: 2 },
    });
  });
});

describe('identifier', () => {
  it.each(['ai_requests', '_a', 'a1'])('takes %s', (name) => {
    expect(render(sql`${identifier(name)}`)).toEqual({ text: name, binds: {} });
  });

  it.each(['', '1a', 'A', 'a b', 'a.b', 'a;b', 'a"b', '`a`', 'a-b', "a'", 'ä', 'a\n', 'a\u0000', 'a)', 'SELECT'])('refuses %j', (name) => {
    expect(() => identifier(name)).toThrow(TypeError);
  });
});

describe('integers', () => {
  it.each([
    ['nothing', [], 'NULL'],
    ['each exactly', [0n, 18_446_744_073_709_551_615n, -1n], '0,18446744073709551615,-1'],
  ])('writes %s', (_name, values, text) => {
    expect(render(sql`${integers(values)}`)).toEqual({ text, binds: {} });
  });
});

it('a statement of the program has no binds', () => {
  expect(statement('SELECT 1')).toEqual({ text: 'SELECT 1', binds: {} });
});

describe('the compiler', () => {
  // Beside sql.ts, but in memory only.
  const path = fileURLToPath(new URL('./sql-types.ts', import.meta.url));
  const HEADER = "import { bind, identifier, integers, join, sql } from './sql.js';\nimport type { SqlQuery, Store } from './store.js';\n";

  /** @param code one expression; a number sign stands for the dollar sign of a hole */
  const faultsOf = (code: string): string[] => {
    const options: ts.CompilerOptions = {
      strict: true,
      noEmit: true,
      types: [],
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts'],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    };
    const host = ts.createCompilerHost(options);
    const fromDisk = host.getSourceFile.bind(host);
    host.getSourceFile = (file, ...rest) =>
      file === path
        ? ts.createSourceFile(file, `${HEADER}export const checked = ${code.replaceAll('#', '$')};`, ts.ScriptTarget.ES2023)
        : fromDisk(file, ...rest);
    return ts
      .getPreEmitDiagnostics(ts.createProgram([path], options, host))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  };

  it.each([["sql`SELECT #{bind.string('text')}, #{identifier('name')}, #{integers([1n])}`"], ["join([sql`a`], ' AND ')"]])(
    'takes %s',
    (code) => {
      expect(faultsOf(code)).toEqual([]);
    },
  );

  it.each([
    ["sql`SELECT #{'text'}`"],
    ['sql`SELECT #{1}`'],
    ["sql`SELECT #{['a']}`"],
    ['sql`SELECT #{undefined}`'],
    ["sql`SELECT #{{ text: 'a', binds: {} }}`"],
    ["bind.strings('text')"],
    ['bind.string(1)'],
    ["bind.uint('1')"],
    ['integers([1])'],
    ["join(['a'], ', ')"],
    ["join([sql`a`], '; ')"],
    ["(store: Store) => store.query('SELECT 1')"],
    ['(store: Store) => store.query(sql`SELECT 1`)'],
  ])('refuses %s', (code) => {
    expect(faultsOf(code)).toHaveLength(1);
  });
});
