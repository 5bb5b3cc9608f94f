import { EVENT_FIELDS, type FieldDefinition, STATUS_VALUES } from '@systemprompt-analytics/core';
import type { Json } from './json.js';

/** An event, derived from the event contract. */
export function eventSchema(): Json {
  const properties: Record<string, Json> = {
    type: {
      type: 'string',
      description:
        'ai_request, tool_execution, agent_task, message, page_view, page_exit, link_click, scroll, engagement, conversion, http_request, or a name of your own',
    },
    status: {
      type: 'string',
      description: 'How it ended, or how the task stands',
      enum: [...new Set(Object.values(STATUS_VALUES).flat())],
    },
    usage: { type: 'object', description: "The provider's own usage object, instead of the counts (ai_request)" },
    properties: {
      type: 'object',
      description: 'Metadata of your own',
      additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
    },
  };
  for (const field of EVENT_FIELDS) properties[field.name] = fieldSchema(field);
  return { type: 'object', required: ['type'], properties, additionalProperties: false };
}

function fieldSchema(field: FieldDefinition): Json {
  const types = field.types === undefined ? '' : ` (${field.types.join(', ')})`;
  const description = `${field.description}${types}`;
  switch (field.kind) {
    case 'count':
      return { type: 'integer', minimum: 0, ...(field.maximum === undefined ? {} : { maximum: field.maximum }), description };
    case 'measure':
      return { type: 'number', minimum: 0, ...(field.maximum === undefined ? {} : { maximum: field.maximum }), description };
    case 'boolean':
      return { type: 'boolean', description };
    case 'timestamp':
      return { type: ['string', 'integer'], format: 'date-time', description };
    case 'decimal':
      return { type: ['string', 'number'], description };
    case 'choice':
      return { type: 'string', enum: [...(field.values ?? [])], description };
    default:
      return { type: 'string', description };
  }
}
