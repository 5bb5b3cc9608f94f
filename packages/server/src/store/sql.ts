import type { BindValue, SqlQuery } from './store.js';

/** A piece of SQL text that was written in this code base, never by a caller. */
class SqlFragment {
  readonly parts: readonly string[];
  readonly values: readonly SqlValue[];
  constructor(parts: readonly string[], values: readonly SqlValue[]) {
    this.parts = parts;
    this.values = values;
  }
}

/** A value with the engine's type for it. */
class Bind {
  readonly type: string;
  readonly value: BindValue;
  constructor(type: string, value: BindValue) {
    this.type = type;
    this.value = value;
  }
}

export type { SqlFragment };
/** What may stand in a hole of the `sql` tag; a bare string is a type error. */
export type SqlValue = SqlFragment | Bind;

/** Writes SQL: holes take other fragments and typed binds, nothing else. */
export function sql(parts: TemplateStringsArray, ...values: readonly SqlValue[]): SqlFragment {
  return new SqlFragment(parts, values);
}

/** Typed binds, named after the engine's types. Times are bound as UTC milliseconds. */
export const bind = {
  string: (value: string): Bind => new Bind('String', value),
  strings: (values: readonly string[]): Bind => new Bind('Array(String)', values),
  uint: (value: number): Bind => new Bind('UInt64', value),
  float: (value: number): Bind => new Bind('Float64', value),
  timeMs: (value: number): SqlFragment => sql`fromUnixTimestamp64Milli(${new Bind('Int64', value)}, 'UTC')`,
};

const IDENTIFIER = /^[a-z_][a-z0-9_]*$/;

/** An identifier of our own allow-lists as SQL text; anything but a plain lower-case name is refused. */
export function identifier(name: string): SqlFragment {
  if (!IDENTIFIER.test(name)) throw new TypeError(`${JSON.stringify(name)} is not an identifier`);
  return new SqlFragment([name], []);
}

/** A cluster's name as it stands after ON CLUSTER; its characters were checked when the schema was made, and are again. */
export function onCluster(name: string): SqlFragment {
  if (!/^[A-Za-z0-9_-]+$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is not a name of a cluster`);
  return new SqlFragment([`ON CLUSTER '${name}'`], []);
}

/**
 * Whole numbers written into the text, for the one lookup that every commit makes: the embedded engine runs queries with
 * binds one after the other in the whole process, so that a bound lookup would wait for whatever report runs.
 */
export function integers(values: readonly bigint[]): SqlFragment {
  return new SqlFragment([values.length === 0 ? 'NULL' : values.map((value) => BigInt(value).toString()).join(',')], []);
}

/** A statement from a migration file, which is part of the program. */
export function statement(text: string): SqlQuery {
  return { text, binds: {} };
}

/** Puts fragments between separators. */
export function join(fragments: readonly SqlFragment[], separator: ', ' | ' AND ' | ' UNION ALL ' = ', '): SqlFragment {
  const parts = fragments.map((_, index) => (index === 0 ? '' : separator));
  return new SqlFragment([...parts, ''], fragments);
}

/** Turns a fragment into text and named binds for the engine. */
export function render(fragment: SqlFragment): SqlQuery {
  const binds: Record<string, BindValue> = {};
  let count = 0;
  const write = (piece: SqlFragment): string => {
    let text = piece.parts[0] ?? '';
    piece.values.forEach((value, index) => {
      if (value instanceof Bind) {
        const name = `p${count++}`;
        binds[name] = value.value;
        text += `{${name}:${value.type}}`;
      } else {
        text += write(value);
      }
      text += piece.parts[index + 1] ?? '';
    });
    return text;
  };
  return { text: write(fragment), binds };
}
