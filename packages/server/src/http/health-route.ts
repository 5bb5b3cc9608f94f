import type { FastifyInstance } from 'fastify';
import type { Product } from '../product.js';
import { readProductVersion } from '../product-version.js';
import { toAnalyticsError } from './problem.js';

/** `GET /healthz`: does the server work, and what has it done? Asked without a key, so it tells nothing of the data. */
export function addHealthRoute(server: FastifyInstance, product: Product): void {
  const startedMs = product.clock();
  const version = readProductVersion();
  server.get('/healthz', async (_request, reply) => {
    const { accepted, duplicates, rejected } = product.ingest.counts;
    const facts = {
      version,
      store: product.store.topology,
      uptime_seconds: Math.floor((product.clock() - startedMs) / 1000),
      accepted_events: accepted,
      duplicate_events: duplicates,
      rejected_events: Object.values(rejected).reduce((sum, count) => sum + count, 0),
      waiting_events: product.pipeline.waitingEvents,
      pending_events: product.mover.pendingEvents,
      price_version: product.prices.version,
    };
    try {
      await product.store.ping();
      return { status: 'ok', ...facts };
    } catch (error) {
      return reply.code(503).send({ status: 'failing', code: toAnalyticsError(error).code, ...facts });
    }
  });
}
