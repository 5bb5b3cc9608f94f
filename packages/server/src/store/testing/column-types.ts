import type { StoredRow } from '../store.js';

/** A column type of the schema with a value to insert and what a query answers for it, and for a row without it. */
interface ColumnCase {
  readonly type: string;
  readonly given: unknown;
  readonly answered: unknown;
  readonly absent: unknown;
}

const TIME = '2024-02-29T23:59:59.999Z';
const EPOCH = '1970-01-01T00:00:00.000Z';
/** 2^53 + 1, the first integer a double cannot hold. */
const BEYOND_DOUBLE = '9007199254740993';
const UINT64_MAX = '18446744073709551615';
/** As many digits as the type has: a float would keep 17 of them. */
const EXACT = '12345678901234567890123456.123456789012';

export const COLUMN_CASES: readonly ColumnCase[] = [
  { type: 'String', given: 'it\'s "here" \\ there\n', answered: 'it\'s "here" \\ there\n', absent: '' },
  { type: 'LowCardinality(String)', given: '{p0:String}', answered: '{p0:String}', absent: '' },
  { type: "Enum8('write' = 1, 'secret' = 2, 'read' = 3, 'admin' = 4)", given: 'read', answered: 'read', absent: 'write' },
  { type: 'Map(LowCardinality(String), String)', given: { "k'1": 'v"1', '': '' }, answered: { "k'1": 'v"1', '': '' }, absent: {} },
  { type: 'Map(String, String)', given: { 'a.b': '😀' }, answered: { 'a.b': '😀' }, absent: {} },
  { type: 'Array(LowCardinality(String))', given: ["a'", '', 'a'], answered: ["a'", '', 'a'], absent: [] },
  { type: 'Array(String)', given: ["a'", ''], answered: ["a'", ''], absent: [] },
  { type: 'Array(UInt8)', given: [0, 255], answered: [0, 255], absent: [] },
  { type: 'Array(UInt64)', given: [UINT64_MAX, 0], answered: [UINT64_MAX, '0'], absent: [] },
  { type: "Array(DateTime64(3, 'UTC'))", given: [TIME], answered: [TIME], absent: [] },
  { type: "DateTime('UTC')", given: '2024-02-29T23:59:59Z', answered: '2024-02-29T23:59:59Z', absent: '1970-01-01T00:00:00Z' },
  { type: 'Bool', given: true, answered: true, absent: false },
  { type: 'Nullable(Bool)', given: false, answered: false, absent: null },
  { type: "DateTime64(3, 'UTC')", given: TIME, answered: TIME, absent: EPOCH },
  { type: "Nullable(DateTime64(3, 'UTC'))", given: TIME, answered: TIME, absent: null },
  { type: 'Decimal(38, 12)', given: EXACT, answered: EXACT, absent: '0.000000000000' },
  { type: 'Nullable(Decimal(38, 12))', given: '-0.000000000001', answered: '-0.000000000001', absent: null },
  { type: 'Nullable(Float64)', given: 0.1, answered: 0.1, absent: null },
  { type: 'Nullable(Int64)', given: `-${BEYOND_DOUBLE}`, answered: `-${BEYOND_DOUBLE}`, absent: null },
  { type: 'Int128', given: `-${UINT64_MAX}00`, answered: `-${UINT64_MAX}00`, absent: '0' },
  { type: 'UInt64', given: UINT64_MAX, answered: UINT64_MAX, absent: '0' },
  { type: 'Nullable(UInt64)', given: 7, answered: '7', absent: null },
  { type: 'UInt8', given: 255, answered: 255, absent: 0 },
  { type: 'UInt16', given: 65_535, answered: 65_535, absent: 0 },
  { type: 'Float64', given: -0.5, answered: -0.5, absent: 0 },
  { type: 'Date', given: '2024-02-29', answered: '2024-02-29', absent: '1970-01-01' },
  { type: 'UInt32', given: 4_294_967_295, answered: 4_294_967_295, absent: 0 },
  { type: 'SimpleAggregateFunction(anyLast, String)', given: 'last', answered: 'last', absent: '' },
  { type: "SimpleAggregateFunction(max, DateTime64(3, 'UTC'))", given: TIME, answered: TIME, absent: EPOCH },
  { type: "SimpleAggregateFunction(min, DateTime64(3, 'UTC'))", given: TIME, answered: TIME, absent: EPOCH },
  { type: "SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC')))", given: TIME, answered: TIME, absent: null },
  { type: "SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC')))", given: null, answered: null, absent: null },
  { type: 'SimpleAggregateFunction(max, String)', given: "0'1", answered: "0'1", absent: '' },
  {
    type: 'SimpleAggregateFunction(maxMap, Map(String, String))',
    given: { "k'": '0000000000000001v', '': '' },
    answered: { "k'": '0000000000000001v', '': '' },
    absent: {},
  },
];

const nameOf = (index: number): string => `column_${index}`;

/** A table with one column of every type. */
export const COLUMN_TABLE = `CREATE TABLE contract_columns (id String, ${COLUMN_CASES.map(({ type }, index) => `${nameOf(index)} ${type}`).join(', ')})
  ENGINE = MergeTree ORDER BY id`;

export const COLUMN_ROW_GIVEN: StoredRow = Object.fromEntries(COLUMN_CASES.map(({ given }, index) => [nameOf(index), given]));
export const COLUMN_ROW_ANSWERED: StoredRow = Object.fromEntries(COLUMN_CASES.map(({ answered }, index) => [nameOf(index), answered]));
export const COLUMN_ROW_ABSENT: StoredRow = Object.fromEntries(COLUMN_CASES.map(({ absent }, index) => [nameOf(index), absent]));
