import type { RejectedSpan } from './decode-traces.js';
import { OTLP_CONTENT_TYPES, type OtlpEncoding } from './otlp-encoding.js';
import { OTLP_TYPES } from './otlp-schema.js';

/** Body and media type of an answer; the HTTP status is the caller's. */
export interface OtlpAnswer {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Reasons that a partial success spells out; the rest is a number. */
const REASONS_MAX = 5;

/** gRPC status codes of HTTP statuses. 413 is the request's own fault: "resource exhausted" would ask for a retry. */
const GRPC_CODES: ReadonlyMap<number, number> = new Map([
  [400, 3],
  [401, 16],
  [403, 7],
  [404, 5],
  [405, 12],
  [409, 6],
  [413, 3],
  [415, 3],
  [429, 8],
  [500, 13],
  [502, 14],
  [503, 14],
  [504, 4],
]);
const GRPC_INVALID_ARGUMENT = 3;
const GRPC_INTERNAL = 13;

/** The answer to a request that was taken, for status 200: `partial_success` is unset unless spans were rejected. */
export function exportAnswer(rejected: readonly RejectedSpan[], encoding: OtlpEncoding): OtlpAnswer {
  if (rejected.length === 0) return answer(encoding === 'json' ? json({}) : new Uint8Array(0), encoding);
  const errorMessage = describeRejected(rejected);
  if (encoding === 'json') return answer(json({ partialSuccess: { rejectedSpans: String(rejected.length), errorMessage } }), encoding);
  return answer(OTLP_TYPES.traceResponse.encode({ partialSuccess: { rejectedSpans: rejected.length, errorMessage } }).finish(), encoding);
}

/** The answer to a request that failed as a whole: a `google.rpc.Status`. */
export function failureAnswer(httpStatus: number, message: string, encoding: OtlpEncoding): OtlpAnswer {
  const status = { code: grpcCodeOf(httpStatus), message };
  return answer(encoding === 'json' ? json(status) : OTLP_TYPES.status.encode(status).finish(), encoding);
}

/** The gRPC status code that means what an HTTP status means. */
export function grpcCodeOf(httpStatus: number): number {
  return GRPC_CODES.get(httpStatus) ?? (httpStatus < 500 ? GRPC_INVALID_ARGUMENT : GRPC_INTERNAL);
}

function describeRejected(rejected: readonly RejectedSpan[]): string {
  const reasons = rejected.slice(0, REASONS_MAX).map(({ index, reason }) => `span ${index}: ${reason.replace(/\.$/, '')}`);
  const more = rejected.length - reasons.length;
  return `Rejected ${reasons.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`;
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function answer(body: Uint8Array, encoding: OtlpEncoding): OtlpAnswer {
  return { contentType: OTLP_CONTENT_TYPES[encoding], body };
}
