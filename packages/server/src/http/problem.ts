import { AnalyticsError, ERROR_CODES } from '@systemprompt-analytics/core';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** RFC 9457 with the product's own code and help beside the standard members. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly help: string;
  /** The parameter or field at fault. */
  readonly path?: string;
  /** Finds the failure in the server's log. */
  readonly request_id: string;
}

/** Faults that Fastify finds before a route runs, as codes of the product. */
const FASTIFY_CODES: Readonly<Record<string, (error: Error) => AnalyticsError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: (cause) =>
    new AnalyticsError('body_too_large', 'The body has more bytes than one request may have.', { cause }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: (cause) =>
    new AnalyticsError('invalid_encoding', 'Content-Length is not the length of the body.', { cause }),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: (cause) => new AnalyticsError('unsupported_media_type', 'Content-Type is not a media type.', { cause }),
};

/** Any failure as one of the product's own; what is not known is `internal`, and its message stays in the log. */
export function toAnalyticsError(error: unknown): AnalyticsError {
  if (error instanceof AnalyticsError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = FASTIFY_CODES[code];
  if (known !== undefined && error instanceof Error) return known(error);
  return new AnalyticsError('internal', 'The request could not be answered.', { cause: error });
}

/** Logs a failure if it is the server's own, and sets the headers that every failed answer bears. */
export function prepareFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): AnalyticsError {
  const failure = toAnalyticsError(error);
  if (failure.status >= 500) request.log.error({ err: failure.cause ?? failure, code: failure.code }, failure.message);
  if (failure.status === 401) reply.header('www-authenticate', 'Bearer');
  if (failure.retryAfterSeconds !== undefined) reply.header('retry-after', String(failure.retryAfterSeconds));
  return failure;
}

/**
 * What the caller is told. The store's own words may name tables, folders and hosts: they are in the log, under the request's id.
 */
export function publicDetail(failure: AnalyticsError): string {
  return failure.code === 'store_unavailable'
    ? 'The store does not take this at the moment; the log of the server says why.'
    : failure.message;
}

/** Answers a failure as `application/problem+json`. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = prepareFailure(error, request, reply);
  const { title, help } = ERROR_CODES[failure.code];
  const problem: Problem = {
    type: `/docs#${failure.code}`,
    title,
    status: failure.status,
    detail: publicDetail(failure),
    code: failure.code,
    help,
    ...(failure.path === undefined || failure.path === '' ? {} : { path: failure.path }),
    request_id: request.id,
  };
  return reply.code(failure.status).type('application/problem+json').send(JSON.stringify(problem));
}
