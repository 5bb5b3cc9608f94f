import { readdirSync, readFileSync } from 'node:fs';
import { AnalyticsError } from '@systemprompt-analytics/core';
import { bind, render, sql, statement } from './sql.js';
import type { Store, StoreTopology } from './store.js';

const FOLDER = new URL('../../migrations/', import.meta.url);
const FILE_NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;

/** One numbered step of the schema. Steps are never changed or removed once released. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** SQL with placeholders; see {@link renderMigration}. */
  readonly template: string;
}

/** Where the tables are to stand. */
export interface MigrationTarget {
  readonly topology: StoreTopology;
  readonly cluster: string;
}

/** The migrations of this program, in order. */
export function readMigrations(): Migration[] {
  const migrations = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const match = FILE_NAME.exec(file);
      if (match === null) throw new TypeError(`${file} is not named like 0001_what_it_does.sql`);
      return { version: Number(match[1]), name: match[2] ?? '', template: readFileSync(new URL(file, FOLDER), 'utf8') };
    });
  migrations.forEach((migration, index) => {
    if (migration.version !== index + 1) throw new TypeError(`migration ${index + 1} is missing`);
  });
  return migrations;
}

/**
 * The statements of a migration for one topology. Placeholders:
 *
 * | placeholder | embedded, single | cluster |
 * | --- | --- | --- |
 * | `{{table x}}` | `x` | `x_local ON CLUSTER c` |
 * | `{{view x}}` | `x` | `x ON CLUSTER c` |
 * | `{{local x}}` | `x` | `x_local` |
 * | `{{source x}}` | `x` | `x` (the Distributed table) |
 * | `{{engine E}}` | `E` | `ReplicatedE` |
 * | `{{distributed x shard}}` | nothing | the Distributed table `x` over `x_local` |
 * | `{{extend x}} ...` | `ALTER TABLE x ...` | the same for `x_local` and for the Distributed table |
 */
export function renderMigration(template: string, target: MigrationTarget): string[] {
  const clustered = target.topology === 'cluster';
  if (clustered && !/^[A-Za-z0-9_-]+$/.test(target.cluster)) {
    throw new AnalyticsError(
      'invalid_configuration',
      `The cluster name ${JSON.stringify(target.cluster)} has other characters than letters, digits, "_" and "-".`,
    );
  }
  const onCluster = `ON CLUSTER '${target.cluster}'`;
  const text = template
    .replace(/^\s*--.*$/gm, '')
    .replace(/\{\{table (\w+)\}\}/g, clustered ? `$1_local ${onCluster}` : '$1')
    .replace(/\{\{view (\w+)\}\}/g, clustered ? `$1 ${onCluster}` : '$1')
    .replace(/\{\{local (\w+)\}\}/g, clustered ? '$1_local' : '$1')
    .replace(/\{\{source (\w+)\}\}/g, '$1')
    .replace(/\{\{engine (\w+)(.*?)\}\}/g, clustered ? 'Replicated$1$2' : '$1$2')
    .replace(
      /\{\{distributed (\w+) (.*?)\}\}/g,
      clustered
        ? `CREATE TABLE $1 ${onCluster} AS $1_local ENGINE = Distributed('${target.cluster}', currentDatabase(), '$1_local', $2)`
        : '',
    );
  const statements = text
    .split(/;\s*(?:\n|$)/)
    .flatMap((part) => extensionsOf(part.trim(), clustered ? onCluster : undefined))
    .filter((part) => part !== '');
  for (const each of statements) {
    const left = /\{\{[^}]*\}\}/.exec(each);
    if (left !== null) throw new TypeError(`${left[0]} is not a placeholder`);
  }
  return statements;
}

/** A Distributed table has the columns of its local ones, so both are told. */
function extensionsOf(text: string, onCluster: string | undefined): string[] {
  const [, table, changes] = /^\{\{extend (\w+)\}\}\s+([\s\S]+)$/.exec(text) ?? [];
  if (table === undefined || changes === undefined) return [text];
  if (onCluster === undefined) return [`ALTER TABLE ${table} ${changes}`];
  return [`ALTER TABLE ${table}_local ${onCluster} ${changes}`, `ALTER TABLE ${table} ${onCluster} ${changes}`];
}

/**
 * Brings the schema up to this program's version; forward only. A step that failed half-way is repeated from its start
 * on the next run, therefore every CREATE is made conditional here rather than in the files.
 *
 * @throws AnalyticsError `store_unavailable` when the store was written by a newer version of the program
 */
export async function migrate(store: Store, nowMs: number, migrations: readonly Migration[] = readMigrations()): Promise<number> {
  const versions = `CREATE TABLE {{table schema_migrations}} (version UInt32, name String, applied_at DateTime64(3, 'UTC'))
    ENGINE = {{engine ReplacingMergeTree}} ORDER BY version;
    {{distributed schema_migrations version}};`;
  for (const text of renderMigration(versions, store)) await store.command(statement(conditional(text)));
  const rows = await store.query<{ version: number }>(render(sql`SELECT max(version) AS version FROM schema_migrations`));
  const applied = Number(rows[0]?.version ?? 0);
  if (applied > migrations.length) {
    throw new AnalyticsError(
      'store_unavailable',
      `The store has schema version ${applied}, this program knows ${migrations.length}. Start the newer version of the program again.`,
    );
  }
  for (const migration of migrations.slice(applied)) {
    for (const text of renderMigration(migration.template, store)) await store.command(statement(conditional(text)), { seconds: 600 });
    await store.command(
      render(
        sql`INSERT INTO schema_migrations SELECT toUInt32(${bind.uint(migration.version)}), ${bind.string(migration.name)}, ${bind.timeMs(nowMs)}`,
      ),
    );
  }
  return migrations.length;
}

function conditional(text: string): string {
  return text.replace(/^CREATE (TABLE|VIEW|MATERIALIZED VIEW) (?!IF NOT EXISTS)/, 'CREATE $1 IF NOT EXISTS ');
}
