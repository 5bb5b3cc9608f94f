import Fastify, { type FastifyInstance } from 'fastify';
import { Gate } from '../../http/principal.js';
import { sendProblem } from '../../http/problem.js';
import { addBodyReader } from '../../http/read-body.js';
import type { TestAnswer } from '../../http/testing/test-server.js';
import { type KeyKind, KeyRepository } from '../../projects/key-repository.js';
import { ProjectRepository } from '../../projects/project-repository.js';
import type { Store } from '../../store/store.js';
import { openMigratedStore } from './open-throttle.js';

/** Some routes behind the product's gate, without the rest of the server. */
export interface RouteServer {
  readonly store: Store;
  readonly http: FastifyInstance;
  /** Makes a key and gives its text. */
  makeKey(kind: KeyKind, projectId?: string): Promise<string>;
  makeProject(projectId: string): Promise<void>;
  /** Sends a request from this machine; with a body it is a POST. */
  send(path: string, more?: { readonly key?: string; readonly body?: unknown; readonly method?: 'GET' | 'POST' }): Promise<TestAnswer>;
  close(): Promise<void>;
}

/** Opens routes on an embedded store of their own. */
export async function openRouteServer(
  addRoutes: (server: FastifyInstance, gate: Gate, store: Store) => void,
  clock: () => number,
): Promise<RouteServer> {
  const contract = await openMigratedStore();
  const { store } = contract;
  const keys = new KeyRepository(store, clock);
  const projects = new ProjectRepository(store, clock);
  await projects.ensureDefault();
  const http = Fastify({ routerOptions: { maxParamLength: 500 } });
  addBodyReader(http);
  http.setErrorHandler(sendProblem);
  addRoutes(http, new Gate({ keys, projects, localAdminToken: 'sa_local_of_the_test', keylessLoopback: true }), store);
  return {
    store,
    http,
    makeKey: async (kind, projectId = 'default') => (await keys.create(projectId, kind)).text,
    makeProject: async (projectId) => {
      await projects.create(projectId);
    },
    send: async (path, { key, body, method = body === undefined ? 'GET' : 'POST' } = {}) => {
      const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const answer = await http.inject({
        method,
        url: path,
        headers: {
          host: 'localhost:4318',
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        remoteAddress: '127.0.0.1',
        ...(payload === undefined ? {} : { payload }),
      });
      const text = answer.rawPayload.toString('utf8');
      const json = (): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
      return { status: answer.statusCode, headers: answer.headers as TestAnswer['headers'], body: answer.rawPayload, text, json };
    },
    close: async () => {
      await http.close();
      await contract.remove();
    },
  };
}
