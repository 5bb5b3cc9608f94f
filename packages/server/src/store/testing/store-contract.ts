import { AnalyticsError } from '@systemprompt-analytics/core';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, readMigrations } from '../migrations.js';
import { bind, render, sql, statement } from '../sql.js';
import type { Store, StoredRow } from '../store.js';
import { COLUMN_CASES, COLUMN_ROW_ABSENT, COLUMN_ROW_ANSWERED, COLUMN_ROW_GIVEN, COLUMN_TABLE } from './column-types.js';
import { HOSTILE_TEXTS } from './hostile-texts.js';
import type { ContractStore } from './open-contract-store.js';
import { expectedTask, type TaskStatementRow, taskStatements } from './task-statements.js';

const NOW_MS = Date.UTC(2026, 9, 1);
/** Any text the product lets in: what is not well-formed Unicode is refused before. */
const anyText = fc.string({ unit: 'binary', maxLength: 40 });

/** What every driver must do, whatever runs behind it. */
export function describeStoreContract(driver: string, open: () => Promise<ContractStore>): void {
  describe(`the store contract, ${driver}`, () => {
    let contract: ContractStore;
    const store = (): Store => contract.store;

    beforeAll(async () => {
      contract = await open();
      await migrate(store(), NOW_MS);
      await store().command(statement(COLUMN_TABLE));
      await store().command(statement('CREATE TABLE contract_texts (id UInt64, text String) ENGINE = MergeTree ORDER BY id'));
    });
    afterAll(() => contract.remove());

    describe('rows', () => {
      it('covers every column type of the schema', async () => {
        const rows = await store().query<{ type: string }>(
          statement("SELECT DISTINCT type FROM system.columns WHERE database = currentDatabase() AND table != 'contract_columns'"),
        );
        expect(rows.length).toBeGreaterThan(10);
        expect(rows.map((row) => row.type).filter((type) => !COLUMN_CASES.some((known) => known.type === type))).toEqual([]);
      });

      it('answers what was inserted, and defaults for what was not', async () => {
        await store().insert('contract_columns', [{ id: 'full', ...COLUMN_ROW_GIVEN }, { id: 'absent' }]);
        const rows = await store().query(statement("SELECT * FROM contract_columns WHERE id IN ('full', 'absent') ORDER BY id"));
        expect(rows).toEqual([
          { id: 'absent', ...COLUMN_ROW_ABSENT },
          { id: 'full', ...COLUMN_ROW_ANSWERED },
        ]);
      });

      it('keeps any text, also where it looks like SQL, JSON or an escape', async () => {
        await store().insert(
          'contract_texts',
          HOSTILE_TEXTS.map((text, id) => ({ id, text })),
        );
        const rows = await store().query<{ text: string }>(statement('SELECT text FROM contract_texts ORDER BY id'));
        expect(rows.map((row) => row.text)).toEqual(HOSTILE_TEXTS);
      });

      it('inserts nothing for an empty list', async () => {
        await expect(store().insert('no_such_table', [])).resolves.toBeUndefined();
      });

      it('adds decimals exactly', async () => {
        const [row] = await store().query(
          statement("SELECT sum(toDecimal128(v, 12)) AS total FROM (SELECT arrayJoin(['0.1', '0.2', '1e-12']) AS v)"),
        );
        expect(row).toEqual({ total: '0.300000000001' });
      });

      it('answers each of many concurrent queries with its own rows', async () => {
        const answers = await Promise.all(
          Array.from({ length: 40 }, (_, index) =>
            store().query<{ v: string }>(render(sql`SELECT ${bind.string(`answer ${index}`)} AS v`)),
          ),
        );
        expect(answers.map((rows) => rows[0]?.v)).toEqual(Array.from({ length: 40 }, (_, index) => `answer ${index}`));
      });
    });

    describe('binds', () => {
      it.each(HOSTILE_TEXTS.map((text) => [JSON.stringify(text), text]))('takes the text %s as a value', async (_name, text) => {
        expect(await store().query(render(sql`SELECT ${bind.string(text)} AS v, length(v) AS bytes`))).toEqual([
          { v: text, bytes: String(Buffer.byteLength(text)) },
        ]);
      });

      it('takes any texts, alone and in a list', async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(anyText, { maxLength: 5 }), anyText, async (list, text) => {
            const rows = await store().query(render(sql`SELECT ${bind.strings(list)} AS list, ${bind.string(text)} AS text`));
            expect(rows).toEqual([{ list, text }]);
          }),
          { numRuns: 60 },
        );
      });

      it('finds rows by hostile texts', async () => {
        for (const text of HOSTILE_TEXTS) {
          const rows = await store().query<{ text: string }>(
            render(sql`SELECT text FROM contract_texts WHERE text IN ${bind.strings([text])}`),
          );
          expect(rows.map((row) => row.text)).toEqual([text]);
        }
      });

      it.each([
        ['the largest exact integer', sql`SELECT ${bind.uint(Number.MAX_SAFE_INTEGER)} AS v`, '9007199254740991'],
        ['zero', sql`SELECT ${bind.uint(0)} AS v`, '0'],
        ['a fraction', sql`SELECT ${bind.float(0.1)} AS v`, 0.1],
        ['a negative number', sql`SELECT ${bind.float(-2.5e-7)} AS v`, -2.5e-7],
        ['a time', sql`SELECT ${bind.timeMs(1_709_251_199_999)} AS v`, '2024-02-29T23:59:59.999Z'],
        ['the epoch', sql`SELECT ${bind.timeMs(0)} AS v`, '1970-01-01T00:00:00.000Z'],
        ['an empty list', sql`SELECT ${bind.strings([])} AS v`, []],
      ])('takes %s', async (_name, query, expected) => {
        expect(await store().query(render(query))).toEqual([{ v: expected }]);
      });

      it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %s as an unsigned integer', async (value) => {
        await expect(store().query(render(sql`SELECT ${bind.uint(value)} AS v`))).rejects.toBeInstanceOf(AnalyticsError);
      });

      it('binds in commands, too', async () => {
        await store().command(render(sql`INSERT INTO contract_texts SELECT ${bind.uint(900)}, ${bind.string("by 'command'")}`));
        expect(await store().query(statement('SELECT text FROM contract_texts WHERE id = 900'))).toEqual([{ text: "by 'command'" }]);
      });
    });

    describe('tables that merge', () => {
      it('answers the latest version only, in whatever order versions arrived', async () => {
        const row = { project_id: 'merged', time_zone: 'UTC', created_at: '2026-01-01T00:00:00.000Z' };
        for (const version of [1, 3, 2, 3]) await store().insert('projects', [{ ...row, name: `version ${version}`, version }]);
        await store().insert('projects', [
          { ...row, name: 'version 0', version: 0 },
          { ...row, name: 'version 3', version: 3 },
        ]);
        const rows = await store().query(statement("SELECT name, version FROM projects FINAL WHERE project_id = 'merged'"));
        expect(rows).toEqual([{ name: 'version 3', version: '3' }]);
      });

      it('makes one task of its statements, in whatever order and however often they arrive', async () => {
        let taskCount = 0;
        const storeTask = async (rows: readonly TaskStatementRow[]): Promise<StoredRow | undefined> => {
          const task_id = `lattice ${taskCount++}`;
          for (const row of rows) await store().insert('agent_task_states', [{ project_id: 'lattice', task_id, ...row }]);
          const [task] = await store().query(
            render(sql`SELECT received_at, started_at, completed_at, duration_ms, status, agent, error_message, properties
              FROM merged_agent_tasks WHERE project_id = 'lattice' AND task_id = ${bind.string(task_id)}`),
          );
          return task;
        };
        const orders = taskStatements.chain((statements) =>
          fc.record({
            statements: fc.constant(statements),
            permuted: fc.shuffledSubarray(statements, { minLength: statements.length }),
            repeated: fc.shuffledSubarray(statements),
          }),
        );
        await fc.assert(
          fc.asyncProperty(orders, async ({ statements, permuted, repeated }) => {
            const expected = expectedTask(statements);
            expect(await storeTask(statements)).toEqual(expected);
            expect(await storeTask([...repeated, ...permuted, ...repeated])).toEqual(expected);
          }),
          { numRuns: 20 },
        );
      });
    });

    describe('limits', () => {
      it('stops a query after its time', async () => {
        await expect(store().query(statement('SELECT count() FROM system.numbers'), { seconds: 1 })).rejects.toMatchObject({
          code: 'query_too_expensive',
        });
      });

      it('stops a command after its time', async () => {
        const endless = statement(
          'INSERT INTO contract_texts SELECT number, toString(number) FROM system.numbers WHERE cityHash64(number) = 1',
        );
        await expect(store().command(endless, { seconds: 1 })).rejects.toMatchObject({ code: 'query_too_expensive' });
      });

      it('refuses an answer with more rows than allowed, instead of cutting it', async () => {
        await expect(store().query(statement('SELECT number FROM numbers(11)'), { rows: 10 })).rejects.toMatchObject({
          code: 'query_too_expensive',
        });
        expect(await store().query(statement('SELECT number FROM numbers(10)'), { rows: 10 })).toHaveLength(10);
      });

      it('refuses a query that needs more memory than allowed', async () => {
        const query = statement('SELECT groupArray(number) AS v FROM numbers(10000000) SETTINGS max_memory_usage = 1000000');
        await expect(store().query(query)).rejects.toMatchObject({ code: 'query_too_expensive' });
      });
    });

    describe('failures', () => {
      it.each([
        ['an unknown table', 'no_such_table', { id: 1 }],
        ['an unknown column', 'contract_texts', { id: 1, txet: 'misspelt' }],
        ['a value of another type', 'contract_texts', { id: 'not a number', text: 'x' }],
      ])('an insert with %s fails as store_unavailable', async (_name, table, row) => {
        await expect(store().insert(table, [row])).rejects.toMatchObject({
          name: 'AnalyticsError',
          code: 'store_unavailable',
          retryAfterSeconds: 5,
        });
      });

      it('stores nothing of a batch with a bad row', async () => {
        const rows = [
          { id: 7001, text: 'good' },
          { id: 'bad', text: 'bad' },
          { id: 7002, text: 'good' },
        ];
        await expect(store().insert('contract_texts', rows)).rejects.toMatchObject({ code: 'store_unavailable' });
        expect(await store().query(statement('SELECT count() AS rows FROM contract_texts WHERE id IN (7001, 7002)'))).toEqual([
          { rows: '0' },
        ]);
      });

      it.each(['SELECT no_such_column', 'SELEKT 1', 'SELECT throwIf(1)'])('%s fails as store_unavailable with the cause', async (text) => {
        const failure = await store()
          .query(statement(text))
          .catch((error: unknown) => error);
        expect(failure).toMatchObject({ code: 'store_unavailable' });
        expect((failure as AnalyticsError).cause).toBeInstanceOf(Error);
        expect((failure as AnalyticsError).message).not.toContain('\n');
      });

      it('a command that fails is store_unavailable, and the store goes on', async () => {
        await expect(store().command(statement('DROP TABLE no_such_table'))).rejects.toMatchObject({ code: 'store_unavailable' });
        await expect(store().ping()).resolves.toBeUndefined();
      });
    });

    describe('the schema', () => {
      const applied = (): Promise<StoredRow[]> =>
        store().query(statement('SELECT version, name, applied_at FROM schema_migrations ORDER BY version'));

      it('is brought up to date once', async () => {
        const before = await applied();
        expect(before.map((row) => row['version'])).toEqual(readMigrations().map((migration) => migration.version));
        expect(await migrate(store(), NOW_MS + 1000)).toBe(readMigrations().length);
        expect(await applied()).toEqual(before);
      });

      it('of a newer program is refused', async () => {
        const refused = migrate(store(), NOW_MS, []);
        await expect(refused).rejects.toMatchObject({ code: 'store_unavailable' });
        await expect(refused).rejects.toThrow(`schema version ${readMigrations().length}, this program knows 0`);
      });
    });

    it('keeps data over closing and opening', async () => {
      await store().insert('contract_texts', [{ id: 8001, text: 'kept' }]);
      await contract.reopen();
      expect(await store().query(statement('SELECT text FROM contract_texts WHERE id = 8001'))).toEqual([{ text: 'kept' }]);
      expect(await store().query(statement("SELECT * FROM contract_columns WHERE id = 'full'"))).toEqual([
        { id: 'full', ...COLUMN_ROW_ANSWERED },
      ]);
    });
  });
}
