import type { ErrorCode } from '../errors/analytics-error.js';

/** A value of a field after reading: timestamps are UTC milliseconds, decimals exact strings. */
export type FieldValue = string | number | boolean;

/** Why one event was not taken. */
export interface EventFault {
  readonly code: ErrorCode;
  readonly message: string;
  /** Dotted path inside the event, empty for the event itself. */
  readonly path: string;
}

/** A failure inside the reader of one event; its edge answers with the {@link EventFault}. */
export class EventFaultError extends Error {
  readonly fault: EventFault;
  constructor(code: ErrorCode, path: string, message: string) {
    super(message);
    this.name = 'EventFaultError';
    this.fault = { code, path, message };
  }
}
