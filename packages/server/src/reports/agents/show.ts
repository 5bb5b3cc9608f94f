import { Type } from '@sinclair/typebox';
import { bind, type SqlFragment, sql } from '../../store/sql.js';
import type { ReportDefinition, ReportScope } from '../definition.js';
import { column, columnsOf, listColumn, select } from '../query/measure.js';
import { NAME_LENGTH_MAX } from '../query/request-filters.js';
import { requestsOf, tasksOf, toolExecutionsOf } from '../query/sources.js';
import { AGENT_REQUESTS, AGENT_TASKS, AGENT_TOOLS } from './agent-measures.js';

/** Longest list of causes; the first few explain most failures. */
const TOP_MAX = 10;

export const agentShow: ReportDefinition = {
  group: 'agents',
  name: 'show',
  title: 'One agent',
  description:
    'Tasks of one agent that started in the range, how they ended and why they failed, with its model calls and tool executions.',
  shape: 'record',
  parameters: { agent: Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX, positional: true, description: 'Name of the agent' }) },
  columns: [
    column('agent', 'string', 'Name of the agent'),
    ...columnsOf([...AGENT_TASKS, ...AGENT_REQUESTS, ...AGENT_TOOLS]),
    listColumn('statuses', 'How its tasks stand, most frequent first', [
      column('status', 'string', 'Status of the task'),
      column('tasks', 'integer', 'Tasks with it'),
    ]),
    listColumn('top_errors', `Its ${TOP_MAX} most frequent errors`, [
      column('error_type', 'string', 'Class of the failure; null when the task named none'),
      column('tasks', 'integer', 'Tasks with it'),
      column('latest_message', 'string', 'What the latest of them said'),
    ]),
    listColumn('top_models', `The ${TOP_MAX} models it called most`, [
      column('model', 'string', 'The model'),
      column('requests', 'integer', 'Model calls'),
    ]),
    listColumn('top_tools', `The ${TOP_MAX} tools it used most`, [
      column('tool', 'string', 'The tool'),
      column('executions', 'integer', 'Executions'),
    ]),
    listColumn('hours', 'Tasks by the hour of the day they started in, in the time zone of the project', [
      column('hour', 'integer', '0 to 23'),
      column('tasks', 'integer', 'Tasks that started in it'),
    ]),
  ],
  presence: ['tasks', 'requests', 'tool_executions'],
  parts: (scope) => [
    sql`SELECT ${bind.string(String(scope.parameters['agent']))} AS agent, ${select(AGENT_TASKS)}, ${taskLists(scope)} ${tasksOf(scope)}`,
    sql`SELECT ${select(AGENT_REQUESTS)} ${requestsOf(scope)}`,
    sql`SELECT ${select(AGENT_TOOLS)} ${toolExecutionsOf(scope)}`,
  ],
  lists: (scope) => ({
    top_models: sql`SELECT request.model AS model, count() AS requests ${requestsOf(scope)}
      GROUP BY model ORDER BY requests DESC, model LIMIT ${bind.uint(TOP_MAX)}`,
    top_tools: sql`SELECT execution.tool AS tool, count() AS executions ${toolExecutionsOf(scope)}
      GROUP BY tool ORDER BY executions DESC, tool LIMIT ${bind.uint(TOP_MAX)}`,
  }),
};

/** The lists about tasks, in the same pass as their counts: merging the statements about tasks is most of the work. */
function taskLists(scope: ReportScope): SqlFragment {
  const failed = sql`task.status IN ('failed', 'timeout', 'rejected')`;
  const latest = sql`maxMapIf(map(task.error_type, (task.started_at, task.task_id, task.error_message)), ${failed})`;
  const top = (counts: SqlFragment): SqlFragment =>
    sql`arraySlice(arraySort(entry -> (-entry.2, entry.1), CAST(${counts}, 'Array(Tuple(String, Int64))')), 1, ${bind.uint(TOP_MAX)})`;
  return sql`CAST(${top(sql`sumMap(map(task.status, 1))`)}, 'Array(Tuple(status String, tasks Int64))') AS statuses,
    CAST(arrayMap(entry -> (entry.1, entry.2, ${latest}[entry.1].3), ${top(sql`sumMapIf(map(task.error_type, 1), ${failed})`)}),
      'Array(Tuple(error_type String, tasks Int64, latest_message String))') AS top_errors,
    CAST(arrayMap(hour -> (hour, sumMap(map(toHour(task.started_at, ${bind.string(scope.timeZone)}), 1))[hour]), range(24)),
      'Array(Tuple(hour UInt8, tasks UInt64))') AS hours`;
}
