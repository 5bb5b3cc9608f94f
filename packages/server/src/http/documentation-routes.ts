import type { FastifyInstance } from 'fastify';
import { renderDocumentation } from './documentation-page.js';
import { describeApi } from './openapi.js';

/** `GET /openapi.json`, the same for people at `GET /docs`, and the way there from `/`. */
export function addDocumentationRoutes(server: FastifyInstance): void {
  const api = describeApi();
  const page = renderDocumentation(api);
  server.get('/openapi.json', () => Promise.resolve(api));
  server.get('/docs', (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'").send(page),
  );
  server.get('/', (_request, reply) => reply.redirect('/docs'));
}
