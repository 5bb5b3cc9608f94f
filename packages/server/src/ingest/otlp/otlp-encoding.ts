/** The two encodings of OTLP/HTTP; an answer uses that of its request. */
export type OtlpEncoding = 'protobuf' | 'json';

/** The media type of each encoding. */
export const OTLP_CONTENT_TYPES = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
} as const satisfies Record<OtlpEncoding, string>;

/** The encoding a Content-Type header names, its parameters (charset) ignored; `undefined` for any other media type. */
export function otlpEncodingOf(contentType: string | undefined): OtlpEncoding | undefined {
  const mediaType = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === OTLP_CONTENT_TYPES.protobuf) return 'protobuf';
  return mediaType === OTLP_CONTENT_TYPES.json ? 'json' : undefined;
}
