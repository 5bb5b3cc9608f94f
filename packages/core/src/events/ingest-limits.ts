/** Bounds on what one request may bring. Every one is a setting of the server (docs/configuration.md). */
export interface IngestLimits {
  /** Compressed or plain bytes of one request body. */
  readonly bodyBytesMax: number;
  /** Bytes of one body after decompression; OTLP/HTTP recommends 64 MiB. */
  readonly decompressedBytesMax: number;
  /** Bytes of one event's JSON text. */
  readonly eventBytesMax: number;
  /** Events in one request. */
  readonly batchEventsMax: number;
  /** Levels of nesting in one event. */
  readonly nestingMax: number;
  /** Characters of an identifier or name. */
  readonly nameLengthMax: number;
  /** Characters of a text, an address or a property value. */
  readonly textLengthMax: number;
  /** Properties of one event. */
  readonly propertiesMax: number;
  /** How far an event may lie after the server's clock, in milliseconds. */
  readonly futureSkewMsMax: number;
  /** How far an event sent with a write key may lie before the server's clock, in milliseconds. */
  readonly ageMsMax: number;
}

export const DEFAULT_INGEST_LIMITS: IngestLimits = {
  bodyBytesMax: 16 * 1024 * 1024,
  decompressedBytesMax: 64 * 1024 * 1024,
  eventBytesMax: 64 * 1024,
  batchEventsMax: 10_000,
  nestingMax: 6,
  nameLengthMax: 256,
  textLengthMax: 4096,
  propertiesMax: 64,
  futureSkewMsMax: 5 * 60_000,
  ageMsMax: 7 * 24 * 3_600_000,
};
