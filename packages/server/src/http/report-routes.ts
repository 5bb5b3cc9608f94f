import { AnalyticsError } from '@systemprompt-analytics/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Product } from '../product.js';
import { toCsv } from '../reports/csv.js';
import { describeReport, findReport, REPORTS } from '../reports/registry.js';
import type { Gate } from './principal.js';
import { readQuery } from './query-parameters.js';

/** Says in a CSV answer what `truncated` says in JSON. */
const TRUNCATED_HEADER = 'systemprompt-analytics-truncated';

/** `GET /v1/reports` and one route per report. */
export function addReportRoutes(server: FastifyInstance, product: Product, gate: Gate): void {
  server.get('/v1/reports', async (request) => {
    readQuery(request, []);
    await gate.admit(request, 'report');
    return { reports: REPORTS.map((report) => describeReport(report)) };
  });

  const answer = async (group: string, name: string, request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { project_id: projectId, format, ...parameters } = readQuery(request);
    const principal = await gate.admit(request, 'report', projectId);
    const csv = wantsCsv(format, request.headers.accept);
    const answered = await product.report(findReport(group, name), principal.projectId, parameters);
    if (!csv) return answered;
    return reply
      .type('text/csv; charset=utf-8')
      .header(TRUNCATED_HEADER, String(answered.truncated))
      .header('content-disposition', `attachment; filename="${group}-${name}.csv"`)
      .send(toCsv(answered));
  };

  server.get<{ Params: { group: string; name: string } }>('/v1/reports/:group/:name', (request, reply) =>
    answer(request.params.group, request.params.name, request, reply),
  );
  // A report that bears its group's name, such as the overview.
  server.get<{ Params: { group: string } }>('/v1/reports/:group', (request, reply) =>
    answer(request.params.group, request.params.group, request, reply),
  );
}

function wantsCsv(format: string | undefined, accept = ''): boolean {
  if (format === undefined) return /\btext\/csv\b/.test(accept);
  if (format === 'csv' || format === 'json') return format === 'csv';
  throw new AnalyticsError('invalid_parameter', `format is ${JSON.stringify(format.slice(0, 80))}; allowed: json, csv.`, {
    path: 'format',
  });
}
