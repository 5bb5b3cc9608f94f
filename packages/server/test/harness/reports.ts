/** A report as HTTP and `--json` answer it. */
export interface Report {
  readonly report: string;
  readonly rows: readonly Row[];
  readonly totals: Row | null;
  readonly truncated: boolean;
}

export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** Every attribute that cost can be broken down by, metadata aside. */
export const DIMENSIONS = ['model', 'provider', 'agent', 'tool', 'user', 'session', 'task', 'trace', 'key'] as const;

/** Asks a server for a report, as `costs/breakdown`. */
export async function readReport(url: string, report: string, query: Readonly<Record<string, string>> = {}, key = ''): Promise<Report> {
  const response = await fetch(`${url}/v1/reports/${report}?${new URLSearchParams(query)}`, {
    headers: key === '' ? {} : { authorization: `Bearer ${key}` },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${report}: ${response.status} ${text}`);
  return JSON.parse(text) as Report;
}

/** Reads exact US dollars as picodollars, by hand: what is tested must not check itself. Null is an unknown cost. */
export function picodollars(usd: unknown): bigint {
  if (usd === null) return 0n;
  const match = /^(\d+)(?:\.(\d{1,12}))?$/.exec(String(usd));
  if (match === null) throw new TypeError(`${String(usd)} is not an exact amount`);
  return BigInt(`${match[1]}${(match[2] ?? '').padEnd(12, '0')}`);
}

/** Cost of each row in picodollars by what the row is about; `-` for the row about nothing. */
export function costsBy(report: Report, column: string): Record<string, bigint> {
  return Object.fromEntries(report.rows.map((row) => [String(row[column] ?? '-'), picodollars(row['cost_usd'])]));
}

/** A measure of each row by what the row is about. */
export function countsBy(report: Report, column: string, measure: string): Record<string, number> {
  return Object.fromEntries(report.rows.map((row) => [String(row[column] ?? '-'), Number(row[measure])]));
}

/** Sum of a column in picodollars. */
export function totalCost(report: Report): bigint {
  return report.rows.reduce((sum, row) => sum + picodollars(row['cost_usd']), 0n);
}

/** Sum of a measure over the rows. */
export function total(report: Report, measure: string): number {
  return report.rows.reduce((sum, row) => sum + Number(row[measure]), 0);
}

/**
 * A report without the last digits of its averages: the engine adds durations up in the order it reads them, which may
 * differ from one reading to the next. Money is text and stays exact.
 */
export function comparable(report: Report): Report {
  const round = (_: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(12)) : value;
  return JSON.parse(JSON.stringify(report, round)) as Report;
}
