import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, ROOT, runProgram, runSuccessfully, startProgram } from './harness/program.js';
import { newFolder, removeFolders } from './harness/server-program.js';

// What npm publishes, installed into an empty folder and used there. The engine comes from npm's cache where it is there.

const INSTALL_MS_MAX = 300_000;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const tarballs = newFolder();
const folder = newFolder();
const PACKAGES = {
  core: { name: '@systemprompt-analytics/core', installed: join(folder, 'node_modules/@systemprompt-analytics/core') },
  server: { name: 'systemprompt-analytics', installed: join(folder, 'node_modules/systemprompt-analytics') },
} as const;
const names = ['core', 'server'] as const;

function npm(args: readonly string[], cwd: string): Promise<Outcome> {
  return runSuccessfully(args, { program: 'npm', cwd });
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest;
}

/** The files of an installed package without what npm installed into it: those of its tarball. */
function filesOf(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .filter((file) => !file.startsWith('node_modules/'))
    .sort();
}

function npx(...args: string[]): Promise<Outcome> {
  return runProgram(['--no-install', 'systemprompt-analytics', ...args], { program: 'npx', cwd: folder });
}

beforeAll(async () => {
  for (const name of names) await npm(['pack', `${ROOT}packages/${name}`, '--pack-destination', tarballs], tarballs);
  const packed = readdirSync(tarballs).map((file) => join(tarballs, file));
  expect(packed).toHaveLength(2);
  await npm(['install', ...packed, '--prefer-offline', '--no-audit', '--no-fund'], folder);
}, INSTALL_MS_MAX);

afterAll(removeFolders);

describe.each(names)('the tarball of %s', (name) => {
  const { installed } = PACKAGES[name];

  it('holds what runs, a licence and a readme, and nothing of the workshop', () => {
    const files = filesOf(installed);
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts']));
    expect(files.filter((file) => /(?:^|\/)(?:src|test|tests|testing|fixtures)\/|\.test\.|tsbuildinfo|\.tgz$|tsconfig/.test(file))).toEqual(
      [],
    );
    const folders = { core: ['data', 'dist'], server: ['bin', 'dist', 'migrations', 'protos'] }[name];
    expect([...new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/', 1)[0]))]).toEqual(folders);
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toBe(readFileSync(`${ROOT}LICENSE`, 'utf8'));
  });

  it('holds the built form of every source, with its declarations', () => {
    const sources = readdirSync(`${ROOT}packages/${name}/src`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('testing/'))
      .flatMap((file) => ['.js', '.d.ts'].map((ending) => `dist/${file.replace(/\.ts$/, ending)}`));
    const files = new Set(filesOf(installed));
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter((file) => !files.has(file))).toEqual([]);
  });

  it('is a package of its own, not a link into the repository', () => {
    expect(lstatSync(installed).isSymbolicLink()).toBe(false);
    expect(readManifest(installed)).toMatchObject({ name: PACKAGES[name].name, license: 'Apache-2.0' });
  });

  it('depends on versions of the registry only', () => {
    const { dependencies = {}, peerDependencies = {}, optionalDependencies = {} } = readManifest(installed);
    for (const [dependency, version] of Object.entries({ ...dependencies, ...peerDependencies, ...optionalDependencies })) {
      expect(version, dependency).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  it('knows nothing of the machine it was built on', () => {
    const home = process.env['HOME'] ?? '';
    for (const file of filesOf(installed)) {
      const text = readFileSync(join(installed, file), 'utf8');
      expect(text.includes(ROOT), `${file} names ${ROOT}`).toBe(false);
      if (home.length > 5) expect(text.includes(`${home}/`), `${file} names ${home}`).toBe(false);
      expect(text, file).not.toMatch(/"(?:workspace|file|link):/);
    }
  });
});

describe('the weight of each package', () => {
  it('core has no dependencies and does not know the engine', () => {
    const { installed } = PACKAGES.core;
    const { dependencies, peerDependencies, optionalDependencies } = readManifest(installed);
    expect({ dependencies, peerDependencies, optionalDependencies }).toEqual({});
    for (const file of filesOf(installed)) expect(readFileSync(join(installed, file), 'utf8'), file).not.toMatch(/chdb|clickhouse/i);
  });

  it('only the server depends on the engine', () => {
    const manifests = [...readdirSync(`${ROOT}packages`).map((name) => `packages/${name}`), 'examples', '.'];
    const dependents = manifests.filter((path) => {
      const manifest = JSON.parse(readFileSync(`${ROOT}${path}/package.json`, 'utf8')) as Record<string, unknown>;
      return Object.values(manifest).some((value) => typeof value === 'object' && value !== null && 'chdb' in value);
    });
    expect(dependents).toEqual(['packages/server']);
  });

  it('both have the same version, and the server wants exactly that core', () => {
    const server = readManifest(PACKAGES.server.installed);
    expect(readManifest(PACKAGES.core.installed).version).toBe(server.version);
    expect(server.dependencies?.[PACKAGES.core.name]).toBe(server.version);
  });
});

describe('the installed command', () => {
  it('says its version', async () => {
    expect(await npx('--version')).toMatchObject({ code: 0, stdout: `${readManifest(PACKAGES.server.installed).version}\n` });
  });

  it('explains itself', async () => {
    const { code, stdout } = await npx('--help');
    expect(code).toBe(0);
    for (const command of ['serve', 'import', 'overview', 'costs', 'requests', 'agents', 'tools', 'sessions', 'projects', 'keys']) {
      expect(stdout).toMatch(new RegExp(`^ +${command}\\b`, 'm'));
    }
  });

  it('serves, takes an event and answers a report', async () => {
    const data = newFolder();
    const bin = join(folder, 'node_modules/.bin/systemprompt-analytics');
    const server = startProgram(['serve', '--data', data, '--port', '0'], { program: bin, cwd: folder });
    try {
      const [, url = ''] = await server.seen('stdout', /listens on (http:\S+)\n/);
      const event = { id: 'one', type: 'ai_request', provider: 'openai', model: 'gpt-4.1-mini', input_tokens: 1000, output_tokens: 100 };
      const answer = await fetch(`${url}/v1/events`, { method: 'POST', body: JSON.stringify(event) });
      expect(await answer.json()).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
      const report = await npx('costs', 'breakdown', '--by', 'model', '--json', '--data', data);
      expect(report.code).toBe(0);
      // 1000 * 400,000 + 100 * 1,600,000 picodollars
      expect(JSON.parse(report.stdout)).toMatchObject({ rows: [{ model: 'gpt-4.1-mini', requests: 1, cost_usd: '0.00056' }] });
      expect((await fetch(`${url}/docs`)).status).toBe(200);
    } finally {
      expect(await server.stop()).toMatchObject({ code: 0, signal: null });
    }
  });
});

describe('the installed library', () => {
  const CONSUMER = `
import { formatUsd, parseUsd, type ParsedEvent, type PriceBook } from '@systemprompt-analytics/core';
import {
  type BatchItem, describeReport, findReport, type IngestAnswer, openProduct, type Product, readConfiguration, type ReportAnswer,
  REPORTS, type RunningServer, type ServerConfiguration, startServer, type Store,
} from 'systemprompt-analytics';

const configuration: ServerConfiguration = readConfiguration({ data: 'library-data', port: '0' }, {});
const product: Product = await openProduct(configuration);
const store: Store = product.store;
const prices: PriceBook = product.prices;
const event: Partial<Pick<ParsedEvent, 'type'>> = { type: 'ai_request' };
const items: BatchItem[] = [{ ok: true, value: { ...event, model: 'text-embedding-3-small', provider: 'openai', input_tokens: 7 } }];
const sender = { projectId: 'default', keyId: '', trusted: true, ip: '', userAgent: '' };
const taken: IngestAnswer = await product.ingest.ingestEvents(items, sender);
const answer: ReportAnswer = await product.report(findReport('costs', 'summary'), 'default', {});
await product.close();

const server: RunningServer = await startServer(configuration);
const health: number = (await fetch(server.url + '/healthz')).status;
await server.close();
const [first] = REPORTS;
console.log(JSON.stringify({
  accepted: taken.accepted, cost: answer.rows[0]?.['cost_usd'], prices: prices.version.split('-', 2).join('-'), health,
  first: first === undefined ? '' : describeReport(first).path, sum: formatUsd(parseUsd('0.1') + parseUsd('0.2')),
}));
// @ts-expect-error a configuration is read-only
configuration.port = 1;
`;

  it('type-checks in a strict program, declarations included, and runs', async () => {
    const compilerOptions = {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      target: 'ES2023',
      lib: ['ES2023', 'DOM'],
      types: ['node'],
      typeRoots: [`${ROOT}node_modules/@types`],
      skipLibCheck: false,
      outDir: 'built',
      rootDir: '.',
    };
    writeFileSync(join(folder, 'consumer.mts'), CONSUMER);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.mts'] }));
    mkdirSync(join(folder, 'built'));
    const compiled = await runProgram([`${ROOT}node_modules/typescript/bin/tsc`, '--project', folder], { cwd: folder });
    expect(compiled).toMatchObject({ code: 0, stdout: '' });
    const { stdout } = await runSuccessfully(['built/consumer.mjs'], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual({
      accepted: 1,
      cost: '0.00000014',
      prices: 'genai-prices',
      health: 200,
      first: '/v1/reports/overview',
      sum: '0.3',
    });
  });
});
