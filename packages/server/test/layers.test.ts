import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ROOT } from './harness/program.js';

// Who may know whom, read from the import statements of the sources.

interface Import {
  /** Path of the importing file in its source folder. */
  readonly from: string;
  /** What it says: `./x.js`, `node:fs`, `chdb/connection`. */
  readonly specifier: string;
  /** Is it gone when the program runs? */
  readonly typeOnly: boolean;
  /** Loaded when that line is reached, not before? */
  readonly dynamic: boolean;
}

function sourcesOf(folder: string): string[] {
  return readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('testing/'))
    .sort();
}

function readImports(file: string, text: string): Import[] {
  const imports: Import[] = [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, false, file.endsWith('.ts') ? ts.ScriptKind.TS : ts.ScriptKind.JS);
  const add = (specifier: ts.Node | undefined, typeOnly: boolean, dynamic: boolean): void => {
    // A computed name would hide a dependency.
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) throw new TypeError(`${file} imports something computed`);
    imports.push({ from: file, specifier: specifier.text, typeOnly, dynamic });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeImport(node.importClause), false);
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) add(node.moduleSpecifier, isTypeExport(node), false);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false, true);
    else if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'require') {
      add(node.arguments[0], false, true);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true, false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = clause;
  return name === undefined && namedBindings !== undefined && ts.isNamedImports(namedBindings) && areTypes(namedBindings.elements);
}

function isTypeExport({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  return isTypeOnly || (exportClause !== undefined && ts.isNamedExports(exportClause) && areTypes(exportClause.elements));
}

function areTypes(elements: readonly { readonly isTypeOnly: boolean }[]): boolean {
  return elements.length > 0 && elements.every((element) => element.isTypeOnly);
}

function importsOf(folder: string): Import[] {
  return sourcesOf(folder).flatMap((file) => readImports(file, readFileSync(`${ROOT}${folder}/${file}`, 'utf8')));
}

/** The source file that a relative import names, from the source folder on. */
function targetOf({ from, specifier }: Import): string {
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}

/** The first folder of a file, or the file itself where it lies in none. */
function layerOf(file: string): string {
  return file.split('/', 1)[0] ?? file;
}

const isRelative = ({ specifier }: Import): boolean => specifier.startsWith('.');

/** `@clickhouse/client` of `@clickhouse/client/x`, `chdb` of `chdb/connection`. */
function packageOf(specifier: string): string {
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
}

const SERVER = 'packages/server/src';
const serverImports = importsOf(SERVER);

/**
 * What each part of the server may import of the others; not to be in a list is not to be allowed. `configuration.ts` and
 * `timer.ts` are types to the parts that work with them, `product.ts` puts the parts together.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  store: [],
  prices: [],
  live: ['enrichment', 'timer.ts'],
  anomalies: ['live', 'store', 'timer.ts'],
  fingerprints: ['live', 'store', 'timer.ts'],
  enrichment: [],
  sessions: ['store', 'timer.ts', 'ingest', 'enrichment', 'throttle', 'configuration.ts'],
  privacy: ['store', 'timer.ts'],
  throttle: ['store', 'timer.ts'],
  bots: ['enrichment', 'ingest', 'live', 'sessions', 'store', 'throttle'],
  projects: ['store'],
  ingest: ['store', 'configuration.ts', 'timer.ts', 'live', 'enrichment'],
  reports: ['store'],
  http: [
    'anomalies',
    'fingerprints',
    'live',
    'bots',
    'ingest',
    'privacy',
    'reports',
    'projects',
    'sessions',
    'throttle',
    'configuration.ts',
    'product.ts',
    'product-version.ts',
  ],
  cli: ['bots', 'reports', 'configuration.ts', 'product-version.ts', 'server'],
  server: ['http', 'configuration.ts', 'product.ts', 'timer.ts'],
  'product.ts': [
    'anomalies',
    'fingerprints',
    'live',
    'bots',
    'enrichment',
    'throttle',
    'ingest',
    'prices',
    'privacy',
    'projects',
    'reports',
    'sessions',
    'store',
    'configuration.ts',
    'timer.ts',
  ],
  'configuration.ts': [],
  'product-version.ts': [],
  'timer.ts': [],
  'index.ts': [
    'anomalies',
    'bots',
    'enrichment',
    'fingerprints',
    'live',
    'privacy',
    'sessions',
    'throttle',
    'configuration.ts',
    'ingest',
    'product.ts',
    'reports',
    'server',
    'store',
    'timer.ts',
  ],
};

describe('core', () => {
  const imports = importsOf('packages/core/src');

  it('imports nothing but itself: no package and no module of Node', () => {
    expect(imports.length).toBeGreaterThan(20);
    expect(imports.filter((each) => !isRelative(each))).toEqual([]);
    expect(imports.filter((each) => targetOf(each).startsWith('..'))).toEqual([]);
  });

  it('uses nothing that only Node or only a browser has', () => {
    for (const file of sourcesOf('packages/core/src')) {
      const text = readFileSync(`${ROOT}packages/core/src/${file}`, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      expect(text, file).not.toMatch(/\b(?:process|Buffer|require|window|document|setTimeout|setInterval|fetch)\b *[.(]/);
    }
  });
});

describe('the server', () => {
  it.each(Object.entries(ALLOWED))('%s imports of the others only what it may', (layer, allowed) => {
    const ofLayer = serverImports.filter((each) => layerOf(each.from) === layer && isRelative(each));
    const strays = ofLayer.filter((each) => layerOf(targetOf(each)) !== layer && !allowed.includes(layerOf(targetOf(each))));
    expect(strays.map((each) => `${each.from} imports ${each.specifier}`)).toEqual([]);
  });

  it('has no other part, and every part is used as the table says', () => {
    expect([...new Set(sourcesOf(SERVER).map(layerOf))].sort()).toEqual(Object.keys(ALLOWED).sort());
  });

  it('names core by its package, never by a path', () => {
    const outside = serverImports.filter((each) => isRelative(each) && targetOf(each).startsWith('..'));
    expect(outside.map((each) => `${each.from} imports ${each.specifier}`)).toEqual([]);
  });

  it('lets one file know the engine', () => {
    const importers = serverImports.filter(({ specifier }) => packageOf(specifier) === 'chdb').map(({ from }) => from);
    expect([...new Set(importers)]).toEqual(['store/chdb-driver.ts']);
  });

  it('knows the ClickHouse client in the store only', () => {
    const importers = serverImports.filter(({ specifier }) => packageOf(specifier) === '@clickhouse/client').map(({ from }) => from);
    expect([...new Set(importers.map(layerOf))]).toEqual(['store']);
  });

  it('runs a command without loading the engine, the HTTP server or the store', () => {
    const loaded = new Set<string>();
    const load = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      for (const each of serverImports) {
        if (each.from === file && !each.typeOnly && !each.dynamic && isRelative(each)) load(targetOf(each));
      }
    };
    load('cli/main.ts');
    expect(loaded.size).toBeGreaterThan(30);
    const packages = serverImports.filter((each) => loaded.has(each.from) && !each.typeOnly && !each.dynamic && !isRelative(each));
    const names = [...new Set(packages.map(({ specifier }) => packageOf(specifier)))].filter((name) => !name.startsWith('node:'));
    expect(names.sort()).toEqual(['@sinclair/typebox', '@systemprompt-analytics/core', 'commander']);
    expect([...loaded].filter((file) => ['http', 'ingest', 'server'].includes(layerOf(file)))).toEqual([]);
    expect([...loaded].filter((file) => layerOf(file) === 'store')).toEqual(['store/sql.ts']);
  });

  it('loads at a later line only what a command other than `serve`, or another store, does without', () => {
    expect(serverImports.filter(({ dynamic }) => dynamic).map(({ from, specifier }) => `${from} ${specifier}`)).toEqual([
      'cli/evaluate-bots-command.ts ../bots/evaluate/index.js',
      'cli/serve-command.ts ../server/run-server.js',
      'store/open-store.ts ./chdb-driver.js',
      'throttle/open-rate-limiter.ts ./open-redis.js',
    ]);
  });

  it('depends on what it imports, and on nothing else', () => {
    const manifest = JSON.parse(readFileSync(`${ROOT}packages/server/package.json`, 'utf8')) as { dependencies: Record<string, string> };
    const imported = serverImports.filter((each) => !isRelative(each) && !each.specifier.startsWith('node:'));
    // Data of a package is read as a file of it.
    const read = sourcesOf(SERVER).flatMap((file) => [
      ...readFileSync(`${ROOT}${SERVER}/${file}`, 'utf8').matchAll(/createRequire\(import\.meta\.url\)\.resolve\('([^']+)'\)/g),
    ]);
    const names = [...imported.map(({ specifier }) => specifier), ...read.map(([, name = '']) => name)];
    expect([...new Set(names.map(packageOf))].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it('reads the environment in one file', () => {
    const readers = sourcesOf(SERVER).filter((file) => readFileSync(`${ROOT}${SERVER}/${file}`, 'utf8').includes('process.env'));
    expect(readers).toEqual(['configuration.ts']);
  });
});

describe('the examples', () => {
  it('use no package of this repository: they are programs as anyone writes them', () => {
    const files = readdirSync(`${ROOT}examples`, { recursive: true, encoding: 'utf8' }).filter(
      (file) => /\.[cm]?js$/.test(file) && !file.includes('node_modules'),
    );
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      for (const each of readImports(file, readFileSync(`${ROOT}examples/${file}`, 'utf8'))) {
        expect(each.specifier, file).not.toMatch(/systemprompt-analytics/);
        if (isRelative(each)) expect(join(dirname(file), each.specifier), file).not.toMatch(/^\.\./);
      }
    }
    expect(readFileSync(`${ROOT}examples/package.json`, 'utf8')).not.toMatch(
      /"(?:@systemprompt-analytics\/(?!examples")|systemprompt-analytics")/,
    );
  });
});
