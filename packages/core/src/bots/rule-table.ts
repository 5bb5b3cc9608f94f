/** One number of a rule table: its default, what may be set instead, and what it means. */
export interface RuleNumber {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** Only whole numbers. @default false */
  readonly whole?: boolean;
  /** Half a sentence for the reference pages. */
  readonly says: string;
}

/** Groups of numbers: a signal or layer, and under it each of its numbers by name. */
export type RuleTable = Readonly<Record<string, Readonly<Record<string, RuleNumber>>>>;

/** The numbers of a table without their descriptions: what a computation reads, and what a rules file may override. */
export type RuleValues<Table extends RuleTable> = {
  readonly [Group in keyof Table]: { readonly [Name in keyof Table[Group]]: number };
};

/** Faults found while reading a rules file, each a sentence with the field, the value and what is allowed. */
export interface RuleFault {
  /** For example `signals.high_request_count.points`. */
  readonly path: string;
  readonly message: string;
}

/**
 * The numbers of `table`, with those of `override` in place of the defaults. What cannot be taken is added to `faults`.
 *
 * @param override parsed JSON; `undefined` for the defaults
 * @param path where `override` stands in its file; empty for the file itself
 */
export function readRuleValues<Table extends RuleTable>(
  table: Table,
  override: unknown,
  path: string,
  faults: RuleFault[],
): RuleValues<Table> {
  const groups = readFields(override, path, Object.keys(table), faults);
  const values = Object.entries(table).map(([group, numbers]) => {
    const groupPath = joinPath(path, group);
    const given = readFields(groups[group], groupPath, Object.keys(numbers), faults);
    const entries = Object.entries(numbers).map(([name, rule]) => [
      name,
      readRuleNumber(rule, given[name], joinPath(groupPath, name), faults),
    ]);
    return [group, Object.fromEntries(entries)] as const;
  });
  // Each number was made from the entry of the same name, which the compiler cannot see through Object.fromEntries.
  return Object.fromEntries(values) as RuleValues<Table>;
}

/** One number: the default of `rule` when `value` is undefined. */
export function readRuleNumber(rule: Omit<RuleNumber, 'says'>, value: unknown, path: string, faults: RuleFault[]): number {
  if (value === undefined) return rule.value;
  const { min, max, whole = false } = rule;
  if (typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  const allowed = `${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`;
  faults.push({ path, message: `${path} is ${shown(value)}; it must be ${allowed}.` });
  return rule.value;
}

/** The fields of a JSON object, none when `value` is undefined; a name that is not in `allowed` is a fault. */
export function readFields(
  value: unknown,
  path: string,
  allowed: readonly string[],
  faults: RuleFault[],
): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    faults.push({ path, message: `${path === '' ? 'The file of rules' : path} is ${shown(value)}; it must be an object.` });
    return {};
  }
  for (const name of Object.keys(value)) {
    if (allowed.includes(name)) continue;
    const fieldPath = joinPath(path, name);
    faults.push({ path: fieldPath, message: `${fieldPath} is not known; known are ${allowed.join(', ')}.` });
  }
  return Object.fromEntries(Object.entries(value));
}

/** `a.b`, or `b` at the top. */
export function joinPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** A value as a message may show it: short, and telling "5" from 5. */
export function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value);
  return text.length <= 40 ? text : `${text.slice(0, 40)}...`;
}
