import { ERROR_CODES, type ErrorCode } from '@systemprompt-analytics/core';
import type { Json, JsonValue } from './json.js';

/** The parameter of every operation that works in a project. */
export const PROJECT_PARAMETER: Json = {
  name: 'project_id',
  in: 'query',
  required: false,
  description: "The key's own project unless an admin key names another",
  schema: { type: 'string' },
};

/** Codes of failures that operations have in common, by what they do. */
export const FAILS = {
  /** Asks who is calling, and in which project. */
  admission: ['unauthorized', 'forbidden', 'unknown_project'],
  /** Reads a query string. */
  query: ['invalid_parameter', 'unknown_parameter'],
  /** Reads any body. */
  body: ['invalid_encoding', 'body_too_large', 'unsupported_media_type'],
  /** Reads a JSON object of texts. */
  fields: ['invalid_json', 'unknown_field', 'invalid_type', 'invalid_value'],
  /** Asks the store. */
  store: ['store_unavailable'],
} as const satisfies Record<string, readonly ErrorCode[]>;

/** Answers with these codes, one per status. */
export function failures(...codes: readonly (readonly ErrorCode[])[]): Json {
  const titles = new Map<string, string[]>();
  for (const code of new Set(codes.flat())) {
    const { status, title } = ERROR_CODES[code];
    titles.set(String(status), [...(titles.get(String(status)) ?? []), `${code}: ${title}`]);
  }
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries([...titles].map(([status, lines]) => [status, { description: lines.join('. '), content }]));
}

/** A parameter in the query string that may be left out. */
export function queryParameter(name: string, description: string, schema: Json): Json {
  return { name, in: 'query', required: false, description, schema };
}

/** A parameter in the path. @param example of a value, as the examples of the answers have it */
export function pathParameter(name: string, description: string, example: string): Json {
  return { name, in: 'path', required: true, description, schema: { type: 'string' }, example };
}

/** A JSON body. */
export function jsonBody(schema: Json, example: JsonValue, required = true): Json {
  return { required, content: { 'application/json': { schema, example } } };
}

/** A JSON answer. */
export function jsonAnswer(description: string, schema: Json, example?: JsonValue): Json {
  return { description, content: { 'application/json': { schema, ...(example === undefined ? {} : { example }) } } };
}
