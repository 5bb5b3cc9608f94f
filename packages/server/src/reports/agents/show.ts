import { Type } from '@sinclair/typebox';
import { bind, sql } from '../../store/sql.js';
import type { ReportDefinition } from '../definition.js';
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
    sql`SELECT ${bind.string(String(scope.parameters['agent']))} AS agent, ${select(AGENT_TASKS)} ${tasksOf(scope)}`,
    sql`SELECT ${select(AGENT_REQUESTS)} ${requestsOf(scope)}`,
    sql`SELECT ${select(AGENT_TOOLS)} ${toolExecutionsOf(scope)}`,
  ],
  lists: (scope) => {
    const top = bind.uint(TOP_MAX);
    return {
      statuses: sql`SELECT task.status AS status, count() AS tasks ${tasksOf(scope)} GROUP BY status ORDER BY tasks DESC, status`,
      top_errors: sql`SELECT task.error_type AS error_type, count() AS tasks, argMax(task.error_message, (task.started_at, task.task_id)) AS latest_message
        ${tasksOf(scope)} AND task.status IN ('failed', 'timeout', 'rejected') GROUP BY error_type ORDER BY tasks DESC, error_type LIMIT ${top}`,
      top_models: sql`SELECT request.model AS model, count() AS requests ${requestsOf(scope)} GROUP BY model ORDER BY requests DESC, model LIMIT ${top}`,
      top_tools: sql`SELECT execution.tool AS tool, count() AS executions ${toolExecutionsOf(scope)}
        GROUP BY tool ORDER BY executions DESC, tool LIMIT ${top}`,
      hours: sql`SELECT toHour(task.started_at, ${bind.string(scope.timeZone)}) AS hour, count() AS tasks ${tasksOf(scope)}
        GROUP BY hour ORDER BY hour WITH FILL FROM 0 TO 24`,
    };
  },
};
