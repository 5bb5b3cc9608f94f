import { Type } from '@sinclair/typebox';
import { bind, sql } from '../../store/sql.js';
import type { ColumnDefinition, ReportDefinition } from '../definition.js';
import { column, columnsOf, listColumn, select } from '../query/measure.js';
import { NAME_LENGTH_MAX } from '../query/request-filters.js';
import { toolExecutionsOf } from '../query/sources.js';
import { TOOL_MEASURES } from '../query/tool-measures.js';
import { requestsInsideTools, TOOL_COSTS } from './tool-costs.js';

const TOP_MAX = 10;
const EXECUTIONS = Object.values(TOOL_MEASURES);
const SHARED = [TOOL_MEASURES.executions, TOOL_MEASURES.success_rate];

function sharesOf(name: string, description: string): ColumnDefinition[] {
  return [column(name, 'string', description), ...columnsOf(SHARED)];
}

export const toolShow: ReportDefinition = {
  group: 'tools',
  name: 'show',
  title: 'One tool',
  description: 'Executions of one tool, per server and per agent, why they failed, and what the model calls made inside it cost.',
  shape: 'record',
  parameters: { tool: Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX, positional: true, description: 'Name of the tool' }) },
  columns: [
    column('tool', 'string', 'Name of the tool'),
    ...columnsOf([...EXECUTIONS, ...TOOL_COSTS]),
    listColumn(
      'top_servers',
      `The ${TOP_MAX} MCP servers that executed it most`,
      sharesOf('server', 'The server; null when it was not named'),
    ),
    listColumn('top_agents', `The ${TOP_MAX} agents that used it most`, sharesOf('agent', 'The agent; null when it was not named')),
    listColumn('top_errors', `Its ${TOP_MAX} most frequent errors`, [
      column('error_type', 'string', 'Class of the failure; null when the execution named none'),
      column('executions', 'integer', 'Executions with it'),
      column('latest_message', 'string', 'What the latest of them said'),
    ]),
    listColumn('hours', 'Executions by the hour of the day, in the time zone of the project', [
      column('hour', 'integer', '0 to 23'),
      column('executions', 'integer', 'Executions in it'),
    ]),
  ],
  presence: ['executions', 'requests'],
  parts: (scope) => [
    sql`SELECT ${bind.string(String(scope.parameters['tool']))} AS tool, ${select(EXECUTIONS)} ${toolExecutionsOf(scope)}`,
    sql`SELECT ${select(TOOL_COSTS)} ${requestsInsideTools(scope)}`,
  ],
  lists: (scope) => {
    const top = bind.uint(TOP_MAX);
    const from = toolExecutionsOf(scope);
    return {
      top_servers: sql`SELECT execution.server AS server, ${select(SHARED)} ${from} GROUP BY server ORDER BY executions DESC, server LIMIT ${top}`,
      top_agents: sql`SELECT execution.agent AS agent, ${select(SHARED)} ${from} GROUP BY agent ORDER BY executions DESC, agent LIMIT ${top}`,
      top_errors: sql`SELECT execution.error_type AS error_type, count() AS executions,
          argMax(execution.error_message, (execution.timestamp, execution.event_id)) AS latest_message
        ${from} AND execution.status != 'success' GROUP BY error_type ORDER BY executions DESC, error_type LIMIT ${top}`,
      hours: sql`SELECT toHour(execution.timestamp, ${bind.string(scope.timeZone)}) AS hour, count() AS executions ${from}
        GROUP BY hour ORDER BY hour WITH FILL FROM 0 TO 24`,
    };
  },
};
