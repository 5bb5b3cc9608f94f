import { type TSchema, Type } from '@sinclair/typebox';
import type { SqlFragment } from '../../store/sql.js';
import type { ColumnDefinition, ParameterValues, TableReport } from '../definition.js';
import { groupedRows, sortedTable, type TableKey } from '../query/grouped-table.js';
import { column, columnsOf } from '../query/measure.js';
import { trafficOf } from '../query/sources.js';
import { BOUNCE_RULE, INCLUDE_FILTER } from '../query/traffic-filters.js';
import { CONVERSION_RATE, trafficMeasures, withConversionRate } from '../query/traffic-measures.js';

/** What visits can be told apart by. */
export interface TrafficDimension {
  readonly value: SqlFragment;
  readonly description: string;
  /** What a value lies in, without which it would not be known which one it is: the country of a region. */
  readonly within?: readonly string[];
}

export type TrafficDimensions = Readonly<Record<string, TrafficDimension>>;

/** The keys of a table by some dimension: its value, then all that the value lies in. */
export function dimensionKeys(dimensions: TrafficDimensions, by: string): TableKey[] {
  const chosen = dimensionNamed(dimensions, by);
  return [by, ...(chosen.within ?? [])].map((name) => {
    const { value, description } = dimensionNamed(dimensions, name);
    return { column: column(name, 'string', description), value };
  });
}

function dimensionNamed(dimensions: TrafficDimensions, name: string): TrafficDimension {
  const dimension = dimensions[name];
  if (dimension === undefined) throw new TypeError(`there is no dimension ${name}`);
  return dimension;
}

/** Parameter that chooses a dimension; the first one is the default. */
export function byParameter(dimensions: TrafficDimensions): TSchema {
  const names = Object.keys(dimensions);
  return Type.Union(
    names.map((name) => Type.Literal(name)),
    { default: names[0] ?? '', description: `What to break down by: ${names.join(', ')}` },
  );
}

/** Words that `sort_by` takes in a table of visits; the first one is the default. */
const SORTABLE = [
  'visitors',
  'sessions',
  'page_views',
  'bounce_rate',
  'average_duration_ms',
  'pages_per_session',
  'conversions',
  'converted_visitors',
];

/** A table of visits by one of some dimensions, a parameter `by` choosing where there are several. */
export function dimensionReport(name: string, title: string, description: string, dimensions: TrafficDimensions): TableReport {
  const names = Object.keys(dimensions);
  const [fallback = ''] = names;
  const keysOf = (parameters: ParameterValues): TableKey[] => dimensionKeys(dimensions, String(parameters['by'] ?? fallback));
  const columnsFor = (parameters: ParameterValues): ColumnDefinition[] => [
    ...keysOf(parameters).map((key) => key.column),
    ...columnsOf(trafficMeasures(parameters)),
    CONVERSION_RATE,
  ];
  return {
    group: 'traffic',
    name,
    title,
    description,
    shape: 'table',
    readsSessions: true,
    parameters: { ...(names.length > 1 ? { by: byParameter(dimensions) } : {}), ...INCLUDE_FILTER, ...BOUNCE_RULE },
    columns: columnsFor({}),
    columnsFor,
    keys: names,
    sortable: SORTABLE,
    complete: withConversionRate,
    query: (scope, sortBy) => {
      const keys = keysOf(scope.parameters);
      const rows = groupedRows(keys, trafficMeasures(scope.parameters), trafficOf(scope));
      return sortedTable(
        rows,
        keys.map((key) => key.column),
        sortBy,
        scope,
      );
    },
  };
}
