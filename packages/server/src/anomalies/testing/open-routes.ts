import { once } from 'node:events';
import { request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_INGEST_LIMITS } from '@systemprompt-analytics/core';
import Fastify, { type FastifyInstance } from 'fastify';
import { addAnomalyRoutes } from '../../http/anomaly-routes.js';
import { addLiveRoute } from '../../http/live-route.js';
import { Gate } from '../../http/principal.js';
import { sendProblem } from '../../http/problem.js';
import { addBodyReader } from '../../http/read-body.js';
import type { TestAnswer } from '../../http/testing/test-server.js';
import { LiveFeed, type LiveFeedOptions } from '../../live/live-feed.js';
import { type KeyKind, KeyRepository } from '../../projects/key-repository.js';
import { ProjectRepository } from '../../projects/project-repository.js';
import { openDetection, type TestDetection } from './open-detection.js';

/** The routes of anomalies and of the live feed on a real port, over a real store. */
export interface TestRoutes extends TestDetection {
  readonly live: LiveFeed;
  readonly projects: ProjectRepository;
  readonly server: FastifyInstance;
  readonly port: number;
  /** Opens everything. */
  readonly adminToken: string;
  makeKey(kind: KeyKind, projectId?: string): Promise<string>;
  /** Sends a request over a socket. */
  send(request: { readonly method?: string; readonly path: string; readonly key?: string; readonly body?: unknown }): Promise<TestAnswer>;
}

export async function openRoutes(nowMs: number, feed: Partial<LiveFeedOptions> = {}): Promise<TestRoutes> {
  const detection = await openDetection(nowMs);
  const { time, store, service } = detection;
  const keys = new KeyRepository(store, time.clock);
  const projects = new ProjectRepository(store, time.clock);
  await projects.ensureDefault();
  const live = new LiveFeed({ clock: time.clock, timer: time, ...feed });
  const adminToken = 'sa_local_of_the_test';
  const gate = new Gate({ keys, projects, localAdminToken: adminToken, keylessLoopback: true });
  const server = Fastify({ trustProxy: false, forceCloseConnections: 'idle', routerOptions: { maxParamLength: 500 } });
  addBodyReader(server);
  server.setErrorHandler(sendProblem);
  addAnomalyRoutes(server, { anomalies: service, projects, configuration: { limits: DEFAULT_INGEST_LIMITS }, clock: time.clock }, gate);
  addLiveRoute(server, { live }, gate);
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.server.address() as AddressInfo;
  return {
    ...detection,
    service,
    store,
    live,
    projects,
    server,
    port,
    adminToken,
    makeKey: async (kind, projectId = 'default') => (await keys.create(projectId, kind)).text,
    send: async ({ method = 'GET', path, key, body }) => {
      const sent = sendRequest({
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        headers: { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), 'content-type': 'application/json' },
      });
      sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
      const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer> & Pick<TestAnswer, 'headers'> & { statusCode: number }];
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      const text = bytes.toString('utf8');
      return {
        status: response.statusCode,
        headers: response.headers,
        body: bytes,
        text,
        json: () => JSON.parse(text) as Record<string, unknown>,
      };
    },
    remove: async () => {
      await server.close();
      await detection.remove();
    },
  };
}
