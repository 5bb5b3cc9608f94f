import { Type } from '@sinclair/typebox';
import { bind, type SqlFragment, sql } from '../../store/sql.js';
import { shareOfAmount } from '../answer/exact-ratio.js';
import type { ColumnDefinition, ParameterValues, ReportDefinition } from '../definition.js';
import { groupedRows, sortedTable } from '../query/grouped-table.js';
import { column, columnsOf } from '../query/measure.js';
import { REQUEST_FILTERS } from '../query/request-filters.js';
import { SPENDING } from '../query/request-measures.js';
import { REQUEST_COLUMNS, requestsOf } from '../query/sources.js';

const { model, provider, agent, tool, user, session, task, trace } = REQUEST_COLUMNS;
/** What cost can be broken down by; each request has exactly one value of each, the empty one included. */
export const DIMENSIONS: Readonly<Record<string, SqlFragment>> = {
  model,
  provider,
  agent,
  tool,
  user,
  session,
  task,
  trace,
  key: sql`request.key_id`,
};
const PROPERTY = 'properties.';
const NAMES = Object.keys(DIMENSIONS);

function valueBy(dimension: string): SqlFragment {
  return DIMENSIONS[dimension] ?? sql`request.properties[${bind.string(dimension.slice(PROPERTY.length))}]`;
}

function columnsFor(parameters: ParameterValues): ColumnDefinition[] {
  const dimension = String(parameters['by'] ?? 'model');
  // The engine calls it `key`: a property may have any name, and none that a sender chose becomes part of a statement.
  const key = {
    ...column(dimension, 'string', 'What the cost is broken down by; the column bears its name. Null: the request has none'),
    source: 'key',
  };
  const [requests, cost, ...others] = columnsOf(SPENDING);
  if (requests === undefined || cost === undefined) throw new TypeError('a breakdown shows requests and cost');
  return [key, requests, cost, column('cost_share', 'ratio', 'Cost / total cost; null when either is not known'), ...others];
}

export const costBreakdown: ReportDefinition = {
  group: 'costs',
  name: 'breakdown',
  title: 'Cost breakdown',
  description:
    'Cost, requests and tokens by one attribute of the requests. Each request has exactly one value of it, or none, so that the rows add up to the total, to the picodollar.',
  shape: 'table',
  parameters: {
    by: Type.String({
      pattern: `^(?:(?:${NAMES.join('|')})$|properties\\.[\\s\\S])`,
      maxLength: PROPERTY.length + 65_536,
      default: 'model',
      allowed: `${NAMES.join(', ')}, or properties.NAME for metadata of your own`,
      description: `What to break down by: ${NAMES.join(', ')}, or properties.NAME for metadata of your own`,
    }),
    ...REQUEST_FILTERS,
  },
  columns: columnsFor({}),
  columnsFor,
  keys: ['key'],
  sortable: [
    'cost',
    'requests',
    'unpriced_requests',
    'input_tokens',
    'cache_read_tokens',
    'cache_write_tokens',
    'output_tokens',
    'total_tokens',
  ],
  complete: (row, totals) => ({ ...row, cost_share: shareOfAmount(row['cost'], totals?.['cost']) }),
  query: (scope, sortBy) => {
    const [key] = columnsFor(scope.parameters);
    if (key === undefined) throw new TypeError('a breakdown has a key');
    const rows = groupedRows([{ column: key, value: valueBy(String(scope.parameters['by'])) }], SPENDING, requestsOf(scope));
    return sortedTable(rows, [key], sortBy, scope);
  },
};
