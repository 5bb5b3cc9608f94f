import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AnalyticsError, type IngestLimits } from '@systemprompt-analytics/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const decompress = promisify(gunzip);

/** Every body arrives as its bytes, whatever its type: each route reads its own formats and says what it takes. */
export function addBodyReader(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

/**
 * The body of a request, decompressed.
 *
 * @throws AnalyticsError `invalid_encoding`, `unsupported_media_type` or `body_too_large`
 */
export async function readBody(request: FastifyRequest, limits: IngestLimits): Promise<Buffer> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return withinLimit(body, limits);
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new AnalyticsError(
      'unsupported_media_type',
      `Content-Encoding is ${JSON.stringify(encoding.slice(0, 80))}; send gzip or no compression.`,
    );
  }
  try {
    return await decompress(body, { maxOutputLength: limits.decompressedBytesMax });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limits);
    throw new AnalyticsError('invalid_encoding', 'The body is not readable gzip, though Content-Encoding says so.', { cause });
  }
}

function withinLimit(body: Buffer, limits: IngestLimits): Buffer {
  if (body.length > limits.decompressedBytesMax) throw tooLarge(limits);
  return body;
}

function tooLarge(limits: IngestLimits): AnalyticsError {
  return new AnalyticsError('body_too_large', `The body has more than ${limits.decompressedBytesMax} bytes when decompressed.`);
}
