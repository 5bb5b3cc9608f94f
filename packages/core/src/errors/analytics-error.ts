/** One kind of failure a caller can meet: its stable code is the key of {@link ERROR_CODES}. */
export interface ErrorDefinition {
  /** HTTP status the code is answered with. */
  readonly status: number;
  /** What happened, in general. */
  readonly title: string;
  /** What the caller can do about it. */
  readonly help: string;
}

/**
 * Every error the product answers with. Codes are stable: programs may switch on them. `docs/errors.md` is
 * generated from this table.
 */
export const ERROR_CODES = {
  invalid_json: {
    status: 400,
    title: 'The body is not readable JSON',
    help: 'Send one event, an array of events, {"events": [...]} or one JSON object per line.',
  },
  invalid_protobuf: {
    status: 400,
    title: 'The body is not a readable OTLP request',
    help: 'Send an ExportTraceServiceRequest in the encoding that Content-Type names.',
  },
  invalid_encoding: {
    status: 400,
    title: 'The body could not be decompressed',
    help: 'Send the body as it is, or gzip-compressed with Content-Encoding: gzip.',
  },
  empty_body: { status: 400, title: 'The request has no events', help: 'Send at least one event.' },
  invalid_event: { status: 400, title: 'An event is not a JSON object', help: 'Each event is an object with at least a "type".' },
  missing_field: { status: 400, title: 'A required field is missing', help: 'Add the field that "path" names.' },
  unknown_field: {
    status: 400,
    title: 'A field is not known for this event type',
    help: 'Put metadata of your own under "properties"; docs/events.md lists the fields.',
  },
  invalid_type: { status: 400, title: 'A value has the wrong type', help: 'Send the type that the message names.' },
  invalid_value: {
    status: 400,
    title: 'A value is outside what is allowed',
    help: 'Send one of the values, or a value in the range, that the message names.',
  },
  too_long: { status: 400, title: 'A string is too long', help: 'Shorten the value, or raise the limit in the configuration.' },
  too_deep: {
    status: 400,
    title: 'A value is nested too deeply',
    help: 'Flatten the value; properties hold strings, numbers and booleans only.',
  },
  too_many_properties: {
    status: 400,
    title: 'An event has too many properties',
    help: 'Send fewer properties, or raise the limit in the configuration.',
  },
  event_too_large: { status: 400, title: 'An event is too large', help: 'Send a smaller event, or raise the limit in the configuration.' },
  timestamp_in_future: {
    status: 400,
    title: 'An event lies too far in the future',
    help: "Correct the sender's clock; the allowed skew is in the configuration.",
  },
  timestamp_too_old: { status: 400, title: 'An event is too old for this key', help: 'Back-fill old events with a secret key.' },
  not_allowed_with_key: {
    status: 400,
    title: 'The key does not allow this field',
    help: 'Send the field with a secret key from your server.',
  },
  inconsistent_usage: {
    status: 400,
    title: 'Token counts contradict each other',
    help: 'Check whether input_tokens includes cached tokens and say so with "input_includes_cache".',
  },
  invalid_parameter: { status: 400, title: 'A parameter is not valid', help: 'Send one of the values the message names.' },
  unknown_parameter: { status: 400, title: 'A parameter is not known', help: 'The message names the parameters that exist.' },
  unauthorized: {
    status: 401,
    title: 'A key is needed, or the key is not known',
    help: 'Send "Authorization: Bearer KEY" with a key of this server; `systemprompt-analytics keys list` shows them.',
  },
  forbidden: { status: 403, title: 'The key does not allow this', help: 'Use a key of the kind the message names.' },
  not_found: { status: 404, title: 'There is nothing at this address', help: 'GET /v1/reports lists the reports, /docs every address.' },
  unknown_report: { status: 404, title: 'The report does not exist', help: 'GET /v1/reports lists the reports.' },
  unknown_project: { status: 404, title: 'The project does not exist', help: '`systemprompt-analytics projects list` shows the projects.' },
  unknown_session: {
    status: 404,
    title: 'The session does not exist',
    help: '`systemprompt-analytics sessions live` shows the sessions of the last minutes.',
  },
  unknown_fingerprint: {
    status: 404,
    title: 'The fingerprint does not exist',
    help: '`systemprompt-analytics fingerprints list` shows the fingerprints that were seen.',
  },
  unknown_anomaly: {
    status: 404,
    title: 'The anomaly does not exist',
    help: '`systemprompt-analytics anomalies list --status all` shows the anomalies.',
  },
  unknown_key: { status: 404, title: 'The key does not exist', help: '`systemprompt-analytics keys list` shows the keys.' },
  method_not_allowed: { status: 405, title: 'The address does not take this method', help: '/docs lists every address with its methods.' },
  conflict: { status: 409, title: 'It exists already', help: 'Choose another name.' },
  body_too_large: { status: 413, title: 'The body is too large', help: 'Send smaller batches, or raise the limit in the configuration.' },
  batch_too_long: {
    status: 413,
    title: 'The batch holds too many events',
    help: 'Send smaller batches, or raise the limit in the configuration.',
  },
  unsupported_media_type: { status: 415, title: 'The content type is not taken here', help: 'Send the content type the message names.' },
  buffer_full: {
    status: 429,
    title: 'More events arrive than can be stored',
    help: 'Send the same request again after the seconds in Retry-After; nothing of it was stored.',
  },
  too_many_subscribers: {
    status: 429,
    title: 'Too many clients listen already',
    help: 'Close another live view, or try again after the seconds in Retry-After.',
  },
  internal: { status: 500, title: 'The server failed', help: "Look at the server's log with the request id; please report it." },
  store_unavailable: {
    status: 503,
    title: 'The store did not take the data or the query',
    help: 'Send the same request again after the seconds in Retry-After.',
  },
  query_too_expensive: {
    status: 503,
    title: 'The query exceeded its time or memory limit',
    help: 'Ask for a shorter range or a smaller limit.',
  },
  folder_in_use: {
    status: 503,
    title: 'Another process uses the data folder',
    help: 'Stop the other process, use its HTTP address, or choose another folder with --data.',
  },
  invalid_configuration: { status: 500, title: 'The configuration is not valid', help: 'Correct every setting the message names.' },
  server_unreachable: {
    status: 503,
    title: 'No server answers',
    help: 'Start it with `npm start` or `systemprompt-analytics serve`, or name it with --url.',
  },
} as const satisfies Record<string, ErrorDefinition>;

/** A stable error code of the product. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Further facts of one failure. */
export interface AnalyticsErrorOptions {
  /** Where in the input the fault is, as a dotted path. */
  readonly path?: string;
  /** Seconds after which the same request may be sent again. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/**
 * The one family of errors the product throws; each edge (HTTP, CLI) translates it once.
 *
 * @example
 * if (error instanceof AnalyticsError) return { ok: false, error };
 */
export class AnalyticsError extends Error {
  readonly code: ErrorCode;
  readonly path: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: AnalyticsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AnalyticsError';
    this.code = code;
    this.path = options.path;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** HTTP status this error is answered with. */
  get status(): number {
    return ERROR_CODES[this.code].status;
  }
}

/**
 * The outcome of an operation whose failure is expected.
 *
 * @example
 * console.log(ended.ok ? ended.value.endedMs : `${ended.error.code} (${ended.error.status}): ${ended.error.message}`);
 */
export type AnalyticsResult<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: AnalyticsError };
