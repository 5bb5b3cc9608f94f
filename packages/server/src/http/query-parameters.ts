import { AnalyticsError } from '@systemprompt-analytics/core';
import type { FastifyRequest } from 'fastify';

/**
 * The query parameters of a request, each given once.
 *
 * @param known the only names allowed; absent when the caller checks them
 * @throws AnalyticsError `invalid_parameter` or `unknown_parameter`
 */
export function readQuery(request: FastifyRequest, known?: readonly string[]): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.query as Record<string, unknown>)) {
    if (typeof value !== 'string') throw new AnalyticsError('invalid_parameter', `${name} is given more than once.`, { path: name });
    if (known !== undefined && !known.includes(name)) {
      const names = known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`;
      throw new AnalyticsError('unknown_parameter', `${JSON.stringify(name.slice(0, 80))} is not a parameter here; ${names}.`, {
        path: name,
      });
    }
    parameters[name] = value;
  }
  return parameters;
}
