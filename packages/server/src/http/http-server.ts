import { AnalyticsError } from '@systemprompt-analytics/core';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Product } from '../product.js';
import { addAnomalyRoutes } from './anomaly-routes.js';
import { addBackfillRoutes } from './backfill-routes.js';
import { addBotRoutes } from './bot-routes.js';
import { addDecisionRoutes } from './decision-routes.js';
import { addDocumentationRoutes } from './documentation-routes.js';
import { addFingerprintRoutes } from './fingerprint-routes.js';
import { addHealthRoute } from './health-route.js';
import { addIngestRoutes } from './ingest-routes.js';
import { addLiveRoute } from './live-route.js';
import { Gate, isLoopbackAddress } from './principal.js';
import { addPrivacyRoutes } from './privacy-routes.js';
import { sendProblem } from './problem.js';
import { addProjectRoutes } from './project-routes.js';
import { addBodyReader } from './read-body.js';
import { addReportRoutes } from './report-routes.js';
import { addSessionRoutes } from './session-routes.js';

/** A client that sends its request this slowly is cut off. */
const REQUEST_MS_MAX = 120_000;

/** Methods that an address may take instead of the one it was asked with. */
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

export interface HttpServerOptions {
  /** Opens everything to the CLI beside the server; made anew by each start. */
  readonly localAdminToken: string;
  readonly logger: FastifyBaseLogger;
}

/** The HTTP side of a product, not listening yet. */
export function createHttpServer(product: Product, options: HttpServerOptions): FastifyInstance {
  const { configuration } = product;
  const server = Fastify({
    loggerInstance: options.logger,
    // A line per beacon would say nothing and cost more than storing it; failures are logged where they are answered.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: configuration.limits.bodyBytesMax,
    requestTimeout: REQUEST_MS_MAX,
    // The address of the socket's peer: no header is believed about who is asking.
    trustProxy: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 500 },
    frameworkErrors: (cause, request, reply) =>
      sendProblem(new AnalyticsError('invalid_parameter', 'The address is not a readable one.', { cause }), request, reply),
  });
  const gate = new Gate({
    keys: product.keys,
    projects: product.projects,
    localAdminToken: options.localAdminToken,
    keylessLoopback: configuration.keylessLoopback && isLoopbackBind(configuration.host),
  });
  addBodyReader(server);
  let closing = false;
  server.addHook('preClose', async () => {
    closing = true;
  });
  server.addHook('onSend', async (_request, reply) => {
    // A request that was under way when the server was told to stop: its connection, kept open, would hold the server up.
    if (closing) reply.header('connection', 'close');
    reply.headers({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' });
  });
  server.setErrorHandler(sendProblem);
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const asked = `${request.method} ${path.slice(0, 200)}`;
    const allowed = METHODS.filter((method) => server.hasRoute({ method, url: path })).join(', ');
    if (allowed === '') return sendProblem(new AnalyticsError('not_found', `There is no ${asked}.`), request, reply);
    reply.header('allow', allowed);
    return sendProblem(new AnalyticsError('method_not_allowed', `There is no ${asked}; the address takes ${allowed}.`), request, reply);
  });
  addIngestRoutes(server, product, gate);
  addDecisionRoutes(server, product, gate);
  addReportRoutes(server, product, gate);
  addProjectRoutes(server, product, gate);
  addSessionRoutes(server, product, gate);
  addBackfillRoutes(server, product, gate);
  addBotRoutes(server, product, gate);
  addFingerprintRoutes(server, product, gate);
  addAnomalyRoutes(server, product, gate);
  addLiveRoute(server, product, gate);
  addPrivacyRoutes(server, product, gate);
  addHealthRoute(server, product);
  addDocumentationRoutes(server);
  return server;
}

/** Does a server bound to this address answer this machine only? */
export function isLoopbackBind(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(host);
}
