import { readText } from './attribute-precedence.js';
import type { OtlpSpan } from './decode-traces.js';
import type { AttributeMap } from './otlp-values.js';

/** Why the work of a span failed. */
export interface SpanFailure {
  readonly type: string;
  readonly message: string;
}

const STATUS_ERROR = 2;
const NO_ATTRIBUTES: AttributeMap = new Map();
/** What the conventions call an error of no known class. */
const OTHER_ERROR = '_OTHER';

/**
 * The failure of a span, from its status, its `error.type` and its first exception; `undefined` when it succeeded. An
 * exception alone is none: it may have been handled.
 *
 * Of the message the first `messageLengthMax` characters are kept: it is a report for people, not an identity, and a
 * stack trace in it is no reason to refuse a call that cost money.
 */
export function readFailure(span: OtlpSpan, messageLengthMax: number): SpanFailure | undefined {
  const errorType = readText(span.attributes, 'error_type');
  if (span.statusCode !== STATUS_ERROR && errorType === '') return undefined;
  const exception = span.events.find((event) => event.name === 'exception')?.attributes ?? NO_ATTRIBUTES;
  const type = [errorType, readText(exception, 'exception_type'), readText(span.attributes, 'http_status')].find((text) => text !== '');
  const message = span.statusMessage !== '' ? span.statusMessage : readText(exception, 'exception_message');
  return { type: type ?? OTHER_ERROR, message: firstCharacters(message, messageLengthMax) };
}

/** The first characters of a text, without half of a surrogate pair at the cut or anywhere else. */
function firstCharacters(text: string, lengthMax: number): string {
  const cut = text.slice(0, lengthMax);
  const last = cut.charCodeAt(cut.length - 1);
  const halved = text.length > lengthMax && last >= 0xd800 && last <= 0xdbff;
  return (halved ? cut.slice(0, -1) : cut).toWellFormed();
}
