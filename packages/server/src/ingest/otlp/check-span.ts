import {
  type EventFault,
  type FieldValue,
  fieldsOfType,
  type IngestLimits,
  type ParsedEvent,
  type TraceSpan,
} from '@systemprompt-analytics/core';

/** Texts of a span that attribution hands on; each is a name in the sense of the event contract. */
const SPAN_NAMES = [
  'session_id',
  'user_id',
  'context_id',
  'task_id',
  'agent',
  'resource_session_id',
  'resource_user_id',
  'resource_agent',
  'tool',
  'response_id',
] as const satisfies readonly (keyof TraceSpan)[];

/**
 * The first way in which a span breaks the bounds of the event contract. What came as a span is held to the same rules
 * as what came as an event: nothing is clamped, and no name is shortened, since a shortened name is another name.
 */
export function findSpanFault(span: TraceSpan, event: ParsedEvent | undefined, limits: IngestLimits): EventFault | undefined {
  for (const name of SPAN_NAMES) {
    const fault = textFault(name, span[name], limits.nameLengthMax);
    if (fault !== undefined) return fault;
  }
  return event === undefined ? undefined : (findFieldFault(event, limits) ?? findPropertyFault(event, limits));
}

function findFieldFault(event: ParsedEvent, limits: IngestLimits): EventFault | undefined {
  const definitions = fieldsOfType(event.type);
  for (const [name, value] of Object.entries(event.fields)) {
    const definition = definitions.get(name);
    if (definition === undefined) return { code: 'unknown_field', path: name, message: `${name} is not a field of ${event.type} events.` };
    const fault = valueFault(name, value, definition.kind === 'text' ? limits.textLengthMax : limits.nameLengthMax, definition.maximum);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function findPropertyFault(event: ParsedEvent, limits: IngestLimits): EventFault | undefined {
  const properties = Object.entries(event.properties);
  if (properties.length > limits.propertiesMax) {
    return {
      code: 'too_many_properties',
      path: 'properties',
      message: `The span has ${properties.length} properties; at most ${limits.propertiesMax} are allowed.`,
    };
  }
  for (const [name, value] of properties) {
    const path = `properties.${name.slice(0, 80)}`;
    const fault = textFault(`the name of ${path}`, name, limits.nameLengthMax) ?? textFault(path, value, limits.textLengthMax);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function valueFault(name: string, value: FieldValue, lengthMax: number, maximum: number | undefined): EventFault | undefined {
  if (typeof value === 'string') return textFault(name, value, lengthMax);
  if (typeof value !== 'number') return undefined;
  if (value >= 0 && value <= (maximum ?? Number.MAX_SAFE_INTEGER)) return undefined;
  return { code: 'invalid_value', path: name, message: `${name} is ${value}; allowed: 0 to ${maximum ?? Number.MAX_SAFE_INTEGER}.` };
}

function textFault(path: string, text: string, lengthMax: number): EventFault | undefined {
  if (text.length > lengthMax) {
    return { code: 'too_long', path, message: `${path} has ${text.length} characters; at most ${lengthMax} are allowed.` };
  }
  if (!text.isWellFormed())
    return { code: 'invalid_value', path, message: `${path} holds half of a surrogate pair, which is not Unicode text.` };
  return undefined;
}
