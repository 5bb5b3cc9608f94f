import type { Bucket, ReportDefinition } from '../definition.js';
import type { ReportAnswer } from '../run-report.js';

/** What answers reports: a `Product`. */
export interface ReportReader {
  /**
   * Answers a report of a project.
   *
   * @param parameters by the names they have in a query string; what is absent has its default
   */
  report(definition: ReportDefinition, projectId: string, parameters: Readonly<Record<string, string>>): Promise<ReportAnswer>;
}

/** The range of a report. */
export interface RangeParameters {
  /**
   * Start, included: a span before `until` (`30m`, `24h`, `7d`, `2w`) or ISO 8601, in the time zone of the project unless it
   * names an offset. @default '24h', of trends '7d'
   */
  readonly since?: string | undefined;
  /** End, not included, written likewise; a span lies before now. @default 'now' */
  readonly until?: string | undefined;
}

/** The range of a trend and how it is divided. */
export interface TrendParameters extends RangeParameters {
  /** Length of a bucket, in the time zone of the project; weeks start on Monday. @default 'day', for up to 48 hours 'hour' */
  readonly groupBy?: Bucket | undefined;
}

/** How the rows of a table are sorted and limited. */
export interface SortParameters<Row extends object> {
  /** Column to sort by, numbers and times largest first, texts from A; a column that rows cannot be sorted by is refused. */
  readonly sortBy?: Extract<keyof Row, string> | undefined;
  /** Rows at most, 1 to 10000. @default 50 */
  readonly limit?: number | undefined;
}

/** The range of a table, and how its rows are sorted and limited. */
export interface TableParameters<Row extends object> extends RangeParameters, SortParameters<Row> {}

type AnswerFrame = Omit<ReportAnswer, 'rows' | 'totals' | 'shape'>;

/** The answer of a report with one row of facts; none when what was asked for does not exist. */
export interface RecordAnswer<Row extends object> extends AnswerFrame {
  readonly shape: 'record';
  readonly rows: readonly Row[];
  readonly totals: null;
}

/** The answer of a report with rows of a kind. */
export interface TableAnswer<Row extends object, Totals extends object | null = null> extends AnswerFrame {
  readonly shape: 'table';
  readonly rows: readonly Row[];
  /** The measures over everything, whatever the limit; null where nothing happened, or where nothing can be added up. */
  readonly totals: Totals | null;
}

/** The answer of a report with a row for every bucket of the range, also for those in which nothing happened. */
export interface TrendAnswer<Row extends object> extends AnswerFrame {
  readonly shape: 'trend';
  readonly rows: readonly (BucketStart & Row)[];
  readonly totals: null;
}

/** The bucket that a row of a trend is about. */
export interface BucketStart {
  /** Start of the bucket, ISO 8601; the first one starts with the range. */
  readonly bucket: string;
}

/** Columns of which a row has one, or those that lie in each other: what a table was asked to be broken down by. */
export type DimensionColumns<Name extends string> = { readonly [Each in Name]?: string | null };

/**
 * A row with some of its columns also as they were in the previous period of the same length (`previous_X`), and with how they
 * changed (`X_change_ratio`, null when there was nothing before). The two notations of an amount have one change.
 */
export type Compared<Row extends object, Name extends Extract<keyof Row, string>> = Row & {
  readonly [Each in Name as `previous_${Each}`]: Row[Each];
} & { readonly [Each in Name as `${Unnoted<Each>}_change_ratio`]: number | null };

type Unnoted<Name extends string> = Name extends `${infer Amount}_usd` | `${infer Amount}_microdollars` ? Amount : Name;

/** Every answer a repository gives, whatever its rows. */
type TypedAnswer = RecordAnswer<object> | TableAnswer<object, object | null> | TrendAnswer<object>;

/** Reports of a group as methods: it asks for a definition and gives the answer, so that there is one SQL text per question. */
export abstract class ReportRepository {
  readonly #reader: ReportReader;

  /** @param reader a `Product` */
  constructor(reader: ReportReader) {
    this.#reader = reader;
  }

  /**
   * Asks for a report.
   *
   * @param parameters by name, `groupBy` for `group_by`; what is undefined has its default
   * @throws AnalyticsError `unknown_project`, `unknown_parameter`, `invalid_parameter`, `query_too_expensive` or `store_unavailable`
   */
  protected async read<Answer extends TypedAnswer, Given extends { readonly [Name in keyof Given]?: string | number | undefined }>(
    definition: ReportDefinition,
    projectId: string,
    parameters: Given,
  ): Promise<Answer> {
    const texts: Record<string, string> = {};
    for (const [name, value] of Object.entries<string | number | undefined>(parameters)) {
      if (value !== undefined) texts[wireName(name)] = String(value);
    }
    const answer: ReportAnswer = await this.#reader.report(definition, projectId, texts);
    // A definition says its columns as texts, of which the compiler makes no type; a test compares each with its row.
    return answer as TypedAnswer as Answer;
  }
}

function wireName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
