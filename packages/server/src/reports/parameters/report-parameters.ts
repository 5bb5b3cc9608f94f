import { type TSchema, Type } from '@sinclair/typebox';
import { BUCKETS, type ReportDefinition, type TableReport } from '../definition.js';
import { sortNames } from './sort-names.js';

export const LIMIT_DEFAULT = 50;
export const LIMIT_MAX = 10_000;

/** Kind of value a parameter takes, for people and for OpenAPI. */
export type ParameterType = 'string' | 'integer' | 'time' | 'enum';

/** One parameter of a report as it is described to callers. */
export interface ReportParameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly description: string;
  readonly default?: string;
  readonly values?: readonly string[];
  readonly required?: boolean;
  /** An argument of the command instead of an option. */
  readonly positional?: boolean;
}

/** Range of a report that was given none: snapshots show a day, trends a week. */
export function defaultRange(definition: ReportDefinition): '24h' | '7d' {
  return definition.shape === 'trend' ? '7d' : '24h';
}

/** Schemas of a report's parameters, those of its own first. Times are text; see `readTime`. */
export function parameterSchemas(definition: ReportDefinition): Record<string, TSchema> {
  const schemas: Record<string, TSchema> = { ...definition.parameters };
  if (definition.shape !== 'table' || definition.rangeFor === undefined) {
    const form = 'A span such as 30m, 24h, 7d or 2w, or ISO 8601, in the time zone of the project unless it names an offset';
    schemas['since'] = Type.String({
      time: true,
      default: defaultRange(definition),
      description: `Start of the range, included. ${form}. A span lies before until`,
    });
    schemas['until'] = Type.String({
      time: true,
      default: 'now',
      description: `End of the range, not included. ${form}. A span lies before now`,
    });
  }
  if (definition.shape === 'trend') {
    schemas['group_by'] = Type.Union(
      BUCKETS.map((bucket) => Type.Literal(bucket)),
      {
        description: 'Length of a bucket, in the time zone of the project; weeks start on Monday. Default: day, or hour for up to 48 hours',
      },
    );
  }
  if (definition.shape === 'table') Object.assign(schemas, tableSchemas(definition));
  return schemas;
}

function tableSchemas(definition: TableReport): Record<string, TSchema> {
  const [first = ''] = definition.sortable;
  const sortBy = Type.Union(
    sortNames(definition).map((name) => Type.Literal(name)),
    { default: first, description: 'Column to sort by: numbers and times largest first, texts from A' },
  );
  const limit = Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT, description: `Rows at most, 1 to ${LIMIT_MAX}` });
  return { ...(definition.sortable.length > 1 ? { sort_by: sortBy } : {}), limit };
}

/** A report's parameters as they are described to callers. */
export function describeParameters(definition: ReportDefinition): ReportParameter[] {
  return Object.entries(parameterSchemas(definition)).map(([name, schema]) => {
    const values = choicesOf(schema);
    const required = schema['default'] === undefined && schema['positional'] === true;
    return {
      name,
      type: typeOf(schema, values),
      description: String(schema.description ?? ''),
      ...(schema['default'] === undefined ? {} : { default: String(schema['default']) }),
      ...(values === undefined ? {} : { values }),
      ...(required ? { required } : {}),
      ...(schema['positional'] === true ? { positional: true } : {}),
    };
  });
}

/** The allowed values of a closed list. */
export function choicesOf(schema: TSchema): string[] | undefined {
  const alternatives: unknown = schema['anyOf'] ?? (schema['const'] === undefined ? undefined : [schema]);
  if (!Array.isArray(alternatives)) return undefined;
  return alternatives.map((alternative: TSchema) => String(alternative['const']));
}

function typeOf(schema: TSchema, values: readonly string[] | undefined): ParameterType {
  if (values !== undefined) return 'enum';
  if (schema['time'] === true) return 'time';
  return schema['type'] === 'integer' ? 'integer' : 'string';
}
