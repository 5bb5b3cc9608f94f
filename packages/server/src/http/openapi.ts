import { ERROR_CODES, type ErrorCode, EVENT_FIELDS, type FieldDefinition, STATUS_VALUES } from '@systemprompt-analytics/core';
import { readProductVersion } from '../product-version.js';
import { KEY_KINDS } from '../projects/key-repository.js';
import { describeReport, REPORTS } from '../reports/registry.js';

/** A JSON object of the OpenAPI document. */
export interface Json {
  readonly [name: string]: JsonValue;
}
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | Json;

type ReportDescription = ReturnType<typeof describeReport>;

/** The OpenAPI 3.1 document of the HTTP API, derived from the event contract, the reports and the error codes. */
export function describeApi(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'systemprompt-analytics',
      version: readProductVersion(),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: 'Who came, what every agent, tool and model did, and what each cost, exactly.',
    },
    security: [{ key: [] }],
    tags: [{ name: 'ingest' }, ...reportGroups().map((name) => ({ name })), { name: 'administration' }, { name: 'server' }],
    paths: { ...ingestPaths(), ...reportPaths(), ...administrationPaths(), ...serverPaths() },
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: `A key of the server: ${KEY_KINDS.join(', ')}. Programs on the same machine need none for the default project.`,
        },
      },
      schemas: { Event: eventSchema(), IngestAnswer: INGEST_ANSWER, Problem: PROBLEM },
    },
  };
}

function reportGroups(): string[] {
  return [...new Set(REPORTS.map((report) => report.group))];
}

function ingestPaths(): Json {
  const event = { $ref: '#/components/schemas/Event' };
  const batch = {
    oneOf: [
      event,
      { type: 'array', items: event },
      { type: 'object', properties: { events: { type: 'array', items: event } }, required: ['events'] },
    ],
  };
  return {
    '/v1/events': {
      post: {
        tags: ['ingest'],
        operationId: 'sendEvents',
        summary: 'Store events',
        description:
          'One event, an array, {"events": [...]} or one event per line; gzip is taken. Answered once the events are stored. An id counts once, however often it is sent.',
        parameters: [PROJECT_PARAMETER],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: batch }, 'application/x-ndjson': { schema: { type: 'string' } } },
        },
        responses: {
          '200': {
            description: 'Stored; rejected events are listed',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/IngestAnswer' } } },
          },
          ...failures([
            'invalid_json',
            'unauthorized',
            'forbidden',
            'body_too_large',
            'unsupported_media_type',
            'buffer_full',
            'store_unavailable',
          ]),
        },
      },
    },
    '/v1/traces': {
      post: {
        tags: ['ingest'],
        operationId: 'sendTraces',
        summary: 'Store OpenTelemetry traces (OTLP/HTTP)',
        description:
          'ExportTraceServiceRequest as protobuf or JSON; gzip and chunked bodies are taken. Answers and errors are those of the OTLP specification.',
        parameters: [PROJECT_PARAMETER],
        requestBody: {
          required: true,
          content: {
            'application/x-protobuf': { schema: { type: 'string', contentEncoding: 'binary' } },
            'application/json': { schema: { type: 'object' } },
          },
        },
        responses: {
          '200': { description: 'ExportTraceServiceResponse; partial_success lists rejected spans' },
          '400': { description: 'google.rpc.Status' },
          '429': { description: 'google.rpc.Status, with Retry-After' },
          '503': { description: 'google.rpc.Status, with Retry-After' },
        },
      },
    },
  };
}

function reportPaths(): Json {
  const paths: Record<string, Json> = {
    '/v1/reports': {
      get: {
        tags: ['server'],
        operationId: 'listReports',
        summary: 'The reports with their parameters and columns',
        responses: { '200': { description: 'The catalogue' }, ...failures(['unauthorized', 'forbidden']) },
      },
    },
  };
  for (const report of REPORTS) {
    const description = describeReport(report);
    paths[description.path] = { get: reportOperation(description) };
  }
  return paths;
}

function reportOperation(report: ReportDescription): Json {
  return {
    tags: [report.group],
    operationId: `${report.group}_${report.name}`,
    summary: report.title,
    description: report.description,
    parameters: [
      ...report.parameters.map((parameter) => ({
        name: parameter.name,
        in: 'query',
        required: parameter.required === true,
        description: parameter.description,
        schema: {
          type: parameter.type === 'integer' ? 'integer' : 'string',
          ...(parameter.values === undefined ? {} : { enum: [...parameter.values] }),
          ...(parameter.default === undefined ? {} : { default: parameter.default }),
        },
      })),
      PROJECT_PARAMETER,
      {
        name: 'format',
        in: 'query',
        required: false,
        description: 'json, or csv as Accept: text/csv also says',
        schema: { type: 'string', enum: ['json', 'csv'], default: 'json' },
      },
    ],
    responses: {
      '200': {
        description: 'The report',
        content: { 'application/json': { schema: answerSchema(report) }, 'text/csv': { schema: { type: 'string' } } },
      },
      ...failures([
        'invalid_parameter',
        'unknown_parameter',
        'unauthorized',
        'forbidden',
        'unknown_report',
        'unknown_project',
        'query_too_expensive',
        'store_unavailable',
      ]),
    },
  };
}

const COLUMN_SCHEMAS: Readonly<Record<string, Json>> = {
  integer: { type: ['integer', 'null'] },
  microdollars: { type: ['integer', 'null'] },
  number: { type: ['number', 'null'] },
  ratio: { type: ['number', 'null'] },
  boolean: { type: ['boolean', 'null'] },
  timestamp: { type: ['string', 'null'], format: 'date-time' },
  list: { type: ['array', 'null'] },
};

function answerSchema(report: ReportDescription): Json {
  const row: Json = {
    type: 'object',
    properties: Object.fromEntries(
      report.columns.map((column) => [
        column.name,
        {
          ...(COLUMN_SCHEMAS[column.type] ?? { type: ['string', 'null'] }),
          description: column.unit === null ? column.description : `${column.description} (${column.unit})`,
        },
      ]),
    ),
  };
  return {
    type: 'object',
    properties: {
      report: { const: `${report.group}.${report.name}` },
      project_id: { type: 'string' },
      since: { type: 'string', format: 'date-time' },
      until: { type: 'string', format: 'date-time' },
      time_zone: { type: 'string' },
      parameters: { type: 'object' },
      columns: { type: 'array', items: { type: 'object' } },
      rows: { type: 'array', items: row },
      totals: { oneOf: [row, { type: 'null' }] },
      truncated: { type: 'boolean', description: 'Are there more rows than the limit?' },
      shape: { type: 'string', enum: ['table', 'record', 'trend'] },
      notes: { type: 'array', items: { type: 'string' } },
    },
  };
}

function administrationPaths(): Json {
  const body = (properties: Json, required: readonly string[]): Json => ({
    required: true,
    content: { 'application/json': { schema: { type: 'object', properties, required, additionalProperties: false } } },
  });
  const text = { type: 'string' };
  return {
    '/v1/projects': {
      get: {
        tags: ['administration'],
        operationId: 'listProjects',
        summary: 'The projects',
        responses: { '200': { description: 'The projects' }, ...failures(['unauthorized', 'forbidden']) },
      },
      post: {
        tags: ['administration'],
        operationId: 'createProject',
        summary: 'Make a project',
        requestBody: body({ project_id: text, name: text, time_zone: { type: 'string', description: 'IANA name. Default UTC' } }, [
          'project_id',
        ]),
        responses: { '201': { description: 'The project' }, ...failures(['invalid_parameter', 'unauthorized', 'forbidden', 'conflict']) },
      },
    },
    '/v1/keys': {
      get: {
        tags: ['administration'],
        operationId: 'listKeys',
        summary: 'The keys, without their text',
        parameters: [PROJECT_PARAMETER],
        responses: { '200': { description: 'The keys' }, ...failures(['unauthorized', 'forbidden']) },
      },
      post: {
        tags: ['administration'],
        operationId: 'createKey',
        summary: 'Make a key; its text is in this answer only',
        requestBody: body({ project_id: text, kind: { type: 'string', enum: [...KEY_KINDS] }, name: text }, ['project_id', 'kind']),
        responses: {
          '201': { description: 'The key' },
          ...failures(['invalid_parameter', 'unauthorized', 'forbidden', 'unknown_project']),
        },
      },
    },
    '/v1/keys/{key_id}': {
      delete: {
        tags: ['administration'],
        operationId: 'revokeKey',
        summary: 'Revoke a key',
        parameters: [{ name: 'key_id', in: 'path', required: true, schema: text }],
        responses: { '200': { description: 'The revoked key' }, ...failures(['unauthorized', 'forbidden', 'unknown_key']) },
      },
    },
  };
}

function serverPaths(): Json {
  return {
    '/healthz': {
      get: {
        tags: ['server'],
        operationId: 'health',
        summary: 'Does the server work?',
        security: [],
        responses: { '200': { description: 'It does' }, '503': { description: 'The store does not answer' } },
      },
    },
    '/openapi.json': {
      get: {
        tags: ['server'],
        operationId: 'openapi',
        summary: 'This document',
        security: [],
        responses: { '200': { description: 'OpenAPI 3.1' } },
      },
    },
  };
}

function failures(codes: readonly ErrorCode[]): Json {
  const titles = new Map<string, string[]>();
  for (const code of codes) {
    const { status, title } = ERROR_CODES[code];
    titles.set(String(status), [...(titles.get(String(status)) ?? []), `${code}: ${title}`]);
  }
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries([...titles].map(([status, lines]) => [status, { description: lines.join('. '), content }]));
}

function eventSchema(): Json {
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

const PROJECT_PARAMETER: Json = {
  name: 'project_id',
  in: 'query',
  required: false,
  description: "The key's own project unless an admin key names another",
  schema: { type: 'string' },
};

const INGEST_ANSWER: Json = {
  type: 'object',
  required: ['accepted', 'duplicates', 'rejected'],
  properties: {
    accepted: { type: 'integer', description: 'Events stored now' },
    duplicates: { type: 'integer', description: 'Events whose id was stored before; they count once' },
    rejected: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          index: { type: 'integer', description: 'Position in the batch, from 0' },
          id: { type: ['string', 'null'] },
          code: { type: 'string' },
          message: { type: 'string' },
          path: { type: 'string', description: 'The field at fault' },
        },
      },
    },
    throttled: {
      type: 'array',
      description: 'Sessions of the batch that are slowed down or shut out; absent when there is none',
      items: {
        type: 'object',
        properties: {
          session_id: { type: 'string' },
          level: { type: 'string', enum: ['warning', 'severe', 'blocked'] },
          level_number: { type: 'integer' },
          allowed: { type: 'boolean', description: 'May its requests pass at all?' },
          reason: { type: 'string' },
        },
      },
    },
  },
};

const PROBLEM: Json = {
  type: 'object',
  description: 'RFC 9457',
  required: ['type', 'title', 'status', 'detail', 'code', 'help', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(ERROR_CODES) },
    help: { type: 'string' },
    path: { type: 'string' },
    request_id: { type: 'string' },
  },
};
