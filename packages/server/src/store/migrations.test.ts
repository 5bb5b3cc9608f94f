import { readdirSync } from 'node:fs';
import { AnalyticsError } from '@systemprompt-analytics/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Migration, type MigrationTarget, migrate, readMigrations, renderMigration } from './migrations.js';
import { bind, render, sql, statement } from './sql.js';
import type { Store } from './store.js';
import { type ContractStore, openEmbedded } from './testing/open-contract-store.js';

const NOW_MS = Date.UTC(2026, 9, 1);
const TARGETS = {
  embedded: { topology: 'embedded', cluster: '' },
  single: { topology: 'single', cluster: '' },
  cluster: { topology: 'cluster', cluster: 'main-1' },
} as const satisfies Record<string, MigrationTarget>;
const allStatements = (target: MigrationTarget): string[] => readMigrations().flatMap(({ template }) => renderMigration(template, target));

describe('migration files', () => {
  it('are numbered without a gap, in order', () => {
    const files = readdirSync(new URL('../../migrations/', import.meta.url));
    const migrations = readMigrations();
    expect(migrations.map((each) => `${String(each.version).padStart(4, '0')}_${each.name}.sql`)).toEqual(files.sort());
    expect(migrations.map((each) => each.version)).toEqual(migrations.map((_, index) => index + 1));
    expect(migrations.every((each) => each.template.trim() !== '')).toBe(true);
  });
});

describe('renderMigration', () => {
  it.each([
    ['{{table a}}', 'a', "a_local ON CLUSTER 'main-1'"],
    ['{{view a}}', 'a', "a ON CLUSTER 'main-1'"],
    ['{{local a}}', 'a', 'a_local'],
    ['{{source a}}', 'a', 'a'],
    ['{{engine MergeTree}}', 'MergeTree', 'ReplicatedMergeTree'],
    ['{{engine ReplacingMergeTree(version)}}', 'ReplacingMergeTree(version)', 'ReplicatedReplacingMergeTree(version)'],
  ])('%s is %s alone and %s in a cluster', (template, alone, clustered) => {
    expect(renderMigration(template, TARGETS.embedded)).toEqual([alone]);
    expect(renderMigration(template, TARGETS.single)).toEqual([alone]);
    expect(renderMigration(template, TARGETS.cluster)).toEqual([clustered]);
  });

  it('adds the distributed table in a cluster only', () => {
    const template = '{{distributed a cityHash64(x, if(y, 1, 2))}};';
    expect(renderMigration(template, TARGETS.single)).toEqual([]);
    expect(renderMigration(template, TARGETS.cluster)).toEqual([
      "CREATE TABLE a ON CLUSTER 'main-1' AS a_local ENGINE = Distributed('main-1', currentDatabase(), 'a_local', cityHash64(x, if(y, 1, 2)))",
    ]);
  });

  it('takes statements apart and leaves comments and blanks out', () => {
    const template = "-- a comment; with a semicolon\nSELECT 1;\n\n  -- another\nSELECT ';' AS x\n;\n";
    expect(renderMigration(template, TARGETS.single)).toEqual(['SELECT 1', "SELECT ';' AS x"]);
  });

  it.each(['{{tabel a}}', '{{}}', '{{table}}', '{{table a-b}}', '{{engine}}'])('refuses %s', (template) => {
    expect(() => renderMigration(template, TARGETS.single)).toThrow('is not a placeholder');
    expect(() => renderMigration(template, TARGETS.cluster)).toThrow('is not a placeholder');
  });

  it.each(["a'b", 'a b', '', 'ä', "x' SETTINGS", 'a\nb', '{{x}}'])('refuses the cluster name %j', (cluster) => {
    const rendering = (): unknown => renderMigration('SELECT 1', { topology: 'cluster', cluster });
    expect(rendering).toThrow(AnalyticsError);
    expect(rendering).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});

describe('the schema in a cluster', () => {
  const statements = allStatements(TARGETS.cluster);
  const tables = statements.flatMap((text) => /^CREATE TABLE (\w+)_local ON CLUSTER 'main-1' \(/.exec(text)?.[1] ?? []);

  it('has a local and a distributed table for every table', () => {
    const distributed = statements.flatMap(
      (text) => /^CREATE TABLE (\w+) ON CLUSTER 'main-1' AS \1_local ENGINE = Distributed\(/.exec(text)?.[1] ?? [],
    );
    expect(tables.length).toBeGreaterThan(5);
    expect(distributed).toEqual(tables);
  });

  it('replicates every local table and makes nothing on one node only', () => {
    for (const text of statements) expect(text).toContain("ON CLUSTER 'main-1'");
    for (const text of statements.filter((each) => /^CREATE TABLE \w+_local ON CLUSTER/.test(each)))
      expect(text).toMatch(/ENGINE = Replicated\w*MergeTree/);
  });

  it('adds columns to the local and to the distributed table, or to the one there is', () => {
    const template = '{{extend a}}\n  ADD COLUMN x UInt8,\n  ADD COLUMN y UInt8;';
    const changes = 'ADD COLUMN x UInt8,\n  ADD COLUMN y UInt8';
    expect(renderMigration(template, TARGETS.single)).toEqual([`ALTER TABLE a ${changes}`]);
    expect(renderMigration(template, TARGETS.cluster)).toEqual([
      `ALTER TABLE a_local ON CLUSTER 'main-1' ${changes}`,
      `ALTER TABLE a ON CLUSTER 'main-1' ${changes}`,
    ]);
  });

  it('has the same tables alone, neither replicated nor distributed', () => {
    const alone = allStatements(TARGETS.single);
    expect(alone).toEqual(allStatements(TARGETS.embedded));
    expect(alone.flatMap((text) => /^CREATE TABLE (\w+) \(/.exec(text)?.[1] ?? [])).toEqual(tables);
    for (const text of alone) expect(text).not.toMatch(/_local|ON CLUSTER|Replicated|Distributed/);
  });
});

describe('with the engine', () => {
  let contract: ContractStore;
  const store = (): Store => contract.store;
  const tables = async (): Promise<string[]> => {
    const rows = await store().query<{ name: string }>(
      statement('SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name'),
    );
    return rows.map((row) => row.name);
  };
  const versions = (): Promise<unknown[]> => store().query(statement('SELECT version, name FROM schema_migrations ORDER BY version'));

  beforeAll(async () => {
    contract = await openEmbedded();
  });
  afterAll(() => contract.remove());

  it.each(Object.entries(TARGETS))('its parser takes every statement, rendered for %s', async (_name, target) => {
    const statements = allStatements(target);
    expect(statements.length).toBeGreaterThan(10);
    for (const text of statements)
      await expect(store().query(render(sql`SELECT formatQuery(${bind.string(text)}) AS formatted`))).resolves.toHaveLength(1);
  });

  it('its parser refuses what is no statement', async () => {
    await expect(store().query(render(sql`SELECT formatQuery(${bind.string('CREATE TABEL x')})`))).rejects.toBeInstanceOf(AnalyticsError);
  });

  it('a migration that failed half-way is repeated from its start', async () => {
    const step = (second: string): Migration[] => [
      {
        version: 1,
        name: 'first_step',
        template: `CREATE TABLE {{table a}} (x UInt8) ENGINE = {{engine MergeTree}} ORDER BY x;\n${second};`,
      },
    ];
    await expect(migrate(store(), NOW_MS, step('CREATE TABLE {{table b}} (x NoSuchType) ENGINE = Memory'))).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    expect(await tables()).toEqual(['a', 'schema_migrations']);
    expect(await versions()).toEqual([]);
    const mended = step('CREATE TABLE {{table b}} (x UInt8) ENGINE = {{engine MergeTree}} ORDER BY x');
    expect(await migrate(store(), NOW_MS, mended)).toBe(1);
    expect(await tables()).toEqual(['a', 'b', 'schema_migrations']);
    expect(await versions()).toEqual([{ version: 1, name: 'first_step' }]);
  });

  it('runs only the steps that are new', async () => {
    const steps: Migration[] = [
      { version: 1, name: 'first_step', template: 'SELECT throwIf(1)' },
      { version: 2, name: 'second_step', template: 'ALTER TABLE a ADD COLUMN y UInt8' },
    ];
    expect(await migrate(store(), NOW_MS, steps)).toBe(2);
    expect(await migrate(store(), NOW_MS, steps)).toBe(2);
    expect(await versions()).toEqual([
      { version: 1, name: 'first_step' },
      { version: 2, name: 'second_step' },
    ]);
    for (const name of ['a', 'b', 'schema_migrations']) await store().command(statement(`DROP TABLE ${name}`));
  });

  it('the real schema may fail at any of its statements and is complete after the next run', async () => {
    const migrations = readMigrations();
    for (const [index, { template }] of migrations.entries()) {
      const known = migrations.slice(0, index + 1);
      const count = renderMigration(template, TARGETS.embedded).length;
      for (let failing = 1; failing <= count; failing += 4) {
        await expect(migrate(failingAt(store(), failing), NOW_MS, known)).rejects.toThrow('fails because the test says so');
      }
      expect(await migrate(store(), NOW_MS, known)).toBe(index + 1);
    }
    const expected = allStatements(TARGETS.embedded).flatMap(
      (text) => /^CREATE (?:TABLE|VIEW|MATERIALIZED VIEW) (\w+)/.exec(text)?.[1] ?? [],
    );
    expect((await tables()).filter((name) => !name.startsWith('.'))).toEqual([...expected, 'schema_migrations'].sort());
  });
});

/** The real store, whose command number `failing` after the table of versions fails. */
function failingAt(store: Store, failing: number): Store {
  let commands = -1;
  return {
    topology: store.topology,
    cluster: store.cluster,
    query: (query, limits) => store.query(query, limits),
    insert: (table, rows) => store.insert(table, rows),
    connect: () => store.connect(),
    ping: () => store.ping(),
    close: () => store.close(),
    command: (query, limits) => {
      commands++;
      if (commands !== failing) return store.command(query, limits);
      return Promise.reject(new AnalyticsError('store_unavailable', `Statement ${failing} fails because the test says so.`));
    },
  };
}
