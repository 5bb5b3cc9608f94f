import { type SqlFragment, sql } from '../../store/sql.js';
import type { Measure, ReportScope } from '../definition.js';

import { REQUEST_MEASURES } from '../query/request-measures.js';
import { requestsOf } from '../query/sources.js';

function inside(measure: Measure): Measure {
  const { column } = measure;
  return { ...measure, column: { ...column, description: `${column.description}. Of the model calls made inside the tool` } };
}

/** What the model calls made inside tools cost. */
export const TOOL_COSTS = [inside(REQUEST_MEASURES.requests), inside(REQUEST_MEASURES.cost), inside(REQUEST_MEASURES.unpriced_requests)];

/** Model calls that were made inside a tool. */
export function requestsInsideTools(scope: ReportScope): SqlFragment {
  return sql`${requestsOf(scope)} AND request.tool != ''`;
}
