import { type SqlFragment, sql } from '../../store/sql.js';
import type { ReportScope } from '../definition.js';
import { select } from '../query/measure.js';
import { requestsOf, tasksOf, toolExecutionsOf } from '../query/sources.js';
import { ACTIVE_AGENTS } from './agent-measures.js';

/** Part of a record: how many agents did anything. */
export function activeAgents(scope: ReportScope): SqlFragment {
  return sql`SELECT ${select([ACTIVE_AGENTS])} FROM (
    SELECT DISTINCT task.agent AS agent ${tasksOf(scope)}
    UNION ALL SELECT DISTINCT toString(request.agent) ${requestsOf(scope)}
    UNION ALL SELECT DISTINCT toString(execution.agent) ${toolExecutionsOf(scope)}
  ) AS record WHERE record.agent != ''`;
}
