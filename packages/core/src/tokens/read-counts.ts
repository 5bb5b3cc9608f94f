/** A count that cannot be used, with the path of the field in the object it was read from. */
export class CountFault extends Error {
  readonly path: string;
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** No request of any known model comes near this; a larger number is a unit mistake or an attack. */
export const COUNT_MAX = 10_000_000_000;

export type Fields = Readonly<Record<string, unknown>>;

/** True for a JSON object (not an array, not null). */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Checks one count. Null and undefined are absent.
 *
 * @throws CountFault when present and not an integer from 0 to {@link COUNT_MAX}.
 */
export function checkCount(value: unknown, path: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > COUNT_MAX) {
    throw new CountFault(path, `${path} is ${describe(value)}, expected an integer from 0 to ${COUNT_MAX}`);
  }
  return value === 0 ? 0 : value;
}

/** Reads `fields[key]` as a count. @throws CountFault */
export function readCount(fields: Fields, key: string, parent = ''): number | undefined {
  return checkCount(fields[key], parent === '' ? key : `${parent}.${key}`);
}

/** Reads `fields[key]` as an object; absent is empty. @throws CountFault when it is something else. */
export function readFields(fields: Fields, key: string): Fields {
  const value = fields[key];
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw new CountFault(key, `${key} is ${describe(value)}, expected an object`);
  return value;
}

/** @throws CountFault naming both values when the part is larger than the whole. */
export function requireWithin(part: number, partPath: string, whole: number, wholePath: string): void {
  if (part > whole) throw new CountFault(partPath, `${partPath} ${part} exceeds ${wholePath} ${whole}`);
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : String(value);
}
