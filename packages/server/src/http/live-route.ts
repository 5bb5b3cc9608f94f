import type { ServerResponse } from 'node:http';
import { AnalyticsError } from '@systemprompt-analytics/core';
import type { FastifyInstance } from 'fastify';
import type { LiveFeed } from '../live/live-feed.js';
import { LIVE_MESSAGE_TYPES, type LiveMessageType } from '../live/live-message.js';
import type { Gate } from './principal.js';
import { readQuery } from './query-parameters.js';

/** The part of a product that the route needs. */
export interface LiveRouteParts {
  readonly live: LiveFeed;
}

/** `GET /v1/live`: what happens now, as Server-Sent Events. */
export function addLiveRoute(server: FastifyInstance, { live }: LiveRouteParts, gate: Gate): void {
  const responses = new Set<ServerResponse>();

  // A stream never ends by itself, and a client that does not read would keep its connection, and with it the server, open.
  server.addHook('preClose', async () => {
    live.close();
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    for (const response of responses) if (!response.writableFinished) response.destroy();
  });

  // Without HEAD: its answer would have no body, and the stream no end.
  server.get('/v1/live', { exposeHeadRoute: false }, async (request, reply) => {
    const { project_id: projectId, types } = readQuery(request, ['project_id', 'types']);
    const principal = await gate.admit(request, 'report', projectId);
    const subscription = live.subscribe({ projectId: principal.projectId, types: readTypes(types), lastId: lastIdOf(request.headers) });
    responses.add(reply.raw);
    reply.raw.once('close', () => responses.delete(reply.raw));
    return reply
      .headers({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // The connection ends with the stream: nothing else can be asked on it meanwhile.
        connection: 'close',
        // Or nginx would collect messages before it passes them on.
        'x-accel-buffering': 'no',
      })
      .send(subscription);
  });
}

function readTypes(given: string | undefined): readonly LiveMessageType[] {
  if (given === undefined) return LIVE_MESSAGE_TYPES;
  return given.split(',').map((name) => {
    const type = LIVE_MESSAGE_TYPES.find((each) => each === name.trim());
    if (type !== undefined) return type;
    throw new AnalyticsError(
      'invalid_parameter',
      `types holds ${JSON.stringify(name.slice(0, 80))}; allowed: ${LIVE_MESSAGE_TYPES.join(', ')}, separated by commas.`,
      { path: 'types' },
    );
  });
}

/** What a browser's EventSource sends when it connects again. An id of another process is no fault: some messages are lost then. */
function lastIdOf(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}
