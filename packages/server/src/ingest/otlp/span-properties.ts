import { PROPERTY_ATTRIBUTES, PROPERTY_PREFIXES } from './attribute-precedence.js';
import type { OtlpSpan } from './decode-traces.js';
import type { AttributeMap, AttributeValue } from './otlp-values.js';

/** The properties a span brings along; see the tables in attribute-precedence.ts for which they are. */
export function readProperties(span: OtlpSpan): Readonly<Record<string, string>> {
  const properties = new Map<string, string>();
  for (const name of PROPERTY_ATTRIBUTES) {
    const text = toText(span.attributes.get(name) ?? span.resource.get(name));
    if (text !== '') properties.set(name, text);
  }
  for (const prefix of [...PROPERTY_PREFIXES].reverse()) addPrefixed(properties, span.attributes, prefix);
  return Object.fromEntries(properties);
}

function addPrefixed(properties: Map<string, string>, attributes: AttributeMap, prefix: string): void {
  for (const [name, value] of attributes) {
    if (!name.startsWith(prefix) || name.length === prefix.length) continue;
    properties.set(name.slice(prefix.length), toText(value));
  }
}

/** Numbers and booleans in their JSON spelling, as in an event; lists and maps as JSON. */
function toText(value: AttributeValue | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(toJson(value));
}

function toJson(value: AttributeValue): unknown {
  if (Array.isArray(value)) return value.map((entry: AttributeValue) => toJson(entry));
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, entry]) => [key, toJson(entry)]));
  return value;
}
