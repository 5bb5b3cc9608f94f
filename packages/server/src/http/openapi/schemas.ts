import type { Json } from './json.js';

/** A text. */
export function text(description: string): Json {
  return { type: 'string', description };
}

/** A text, or null where nothing is known. */
export function textOrNull(description: string): Json {
  return { type: ['string', 'null'], description };
}

/** One of some texts. */
export function choice(values: readonly string[], description: string): Json {
  return { type: 'string', enum: [...values], description };
}

/** One of some texts, or null where nothing is known. */
export function choiceOrNull(values: readonly string[], description: string): Json {
  return { type: ['string', 'null'], enum: [...values, null], description };
}

/** How many: a whole number from 0. */
export function count(description: string): Json {
  return { type: 'integer', minimum: 0, description };
}

export function numberOf(description: string): Json {
  return { type: 'number', description };
}

export function numberOrNull(description: string): Json {
  return { type: ['number', 'null'], description };
}

export function boolean(description: string): Json {
  return { type: 'boolean', description };
}

/** A time as answers have it: ISO 8601, UTC, with milliseconds. */
export function time(description: string): Json {
  return { type: 'string', format: 'date-time', description };
}

export function timeOrNull(description: string): Json {
  return { type: ['string', 'null'], format: 'date-time', description };
}

export function listOf(items: Json, description: string): Json {
  return { type: 'array', items, description };
}

/**
 * An object of an answer. All of its fields are there, but those named as optional.
 *
 * @param description left out of the schema when empty
 */
export function object(properties: Json, description = '', optional: readonly string[] = []): Json {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', ...(description === '' ? {} : { description }), required, properties };
}

/** An object of a request: a field that is not listed is refused. */
export function given(properties: Json, required: readonly string[] = []): Json {
  return { type: 'object', ...(required.length === 0 ? {} : { required }), properties, additionalProperties: false };
}

/** A schema under `components/schemas`. */
export function named(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}
