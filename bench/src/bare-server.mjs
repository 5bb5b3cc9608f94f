// What the ingest routes are compared with: Fastify that reads and parses a body, stores nothing, and answers.
import Fastify from 'fastify';

const server = Fastify({ bodyLimit: 64 * 1024 * 1024 });
server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
server.post('/v1/events', async (request) => ({
  accepted: Array.isArray(request.body) ? request.body.length : 1,
  duplicates: 0,
  rejected: [],
}));
console.log(await server.listen({ host: '127.0.0.1', port: 0 }));
process.on('SIGTERM', () => process.exit());
