import type { AttributeMap, AttributeValue } from './otlp-values.js';

/**
 * Which attributes say what, best first. The GenAI conventions renamed most of their attributes at least once and every
 * instrumentation is of another age, so the names are data: a further dialect is further names in these lists.
 *
 * Covered: the OpenTelemetry GenAI and MCP conventions, current and earlier names, and the native spans of the
 * Anthropic SDK. Both count cached tokens within the input tokens.
 */
export const ATTRIBUTE_PRECEDENCE = {
  operation: ['gen_ai.operation.name'],
  mcp_method: ['mcp.method.name'],

  provider: ['gen_ai.provider.name', 'gen_ai.system'],
  model: ['gen_ai.response.model'],
  request_model: ['gen_ai.request.model'],
  response_id: ['gen_ai.response.id'],
  streaming: ['gen_ai.request.stream'],
  /** Seconds. */
  time_to_first_chunk: ['gen_ai.response.time_to_first_chunk'],
  /** What was billed before what was asked for. */
  service_tier: [
    'openai.response.service_tier',
    'gen_ai.openai.response.service_tier',
    'anthropic.response.service_tier',
    'openai.request.service_tier',
    'gen_ai.openai.request.service_tier',
    'anthropic.request.service_tier',
  ],
  finish_reason: ['gen_ai.response.finish_reasons', 'anthropic.message.stop_reason'],

  /** Includes what was read from and written to a cache. */
  input_tokens: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'],
  cache_read_tokens: ['gen_ai.usage.cache_read.input_tokens'],
  cache_write_tokens: ['gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.cache_creation.input_tokens'],
  cache_write_5m_tokens: ['anthropic.usage.cache_creation.ephemeral_5m_input_tokens'],
  cache_write_1h_tokens: ['anthropic.usage.cache_creation.ephemeral_1h_input_tokens'],
  /** Includes reasoning. */
  output_tokens: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'],
  reasoning_tokens: ['gen_ai.usage.reasoning.output_tokens'],
  input_audio_tokens: ['gen_ai.usage.audio.input_tokens'],
  output_audio_tokens: ['gen_ai.usage.audio.output_tokens'],
  input_image_tokens: ['gen_ai.usage.image.input_tokens'],
  output_image_tokens: ['gen_ai.usage.image.output_tokens'],
  /** Of context compactions within the call: billed, and not part of the counts above. Cached tokens included. */
  compaction_input_tokens: ['anthropic.usage.compaction.input_tokens'],
  compaction_output_tokens: ['anthropic.usage.compaction.output_tokens'],

  tool: ['gen_ai.tool.name'],
  tool_call_id: ['gen_ai.tool.call.id'],
  /** Of an MCP span only; on others it is the model's endpoint. */
  server_address: ['server.address'],

  session_id: ['session.id'],
  user_id: ['user.id', 'enduser.id', 'enduser.pseudo.id'],
  context_id: ['gen_ai.conversation.id', 'a2a.context.id'],
  task_id: ['a2a.task.id'],
  agent: ['gen_ai.agent.name', 'gen_ai.workflow.name'],
  /** Of a resource. */
  service: ['service.name'],

  error_type: ['error.type'],
  http_status: ['http.response.status_code', 'http.status_code'],
  /** Of an `exception` event. */
  exception_type: ['exception.type'],
  exception_message: ['exception.message'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** What the product wants to know, see {@link ATTRIBUTE_PRECEDENCE}. */
export type CanonicalField = keyof typeof ATTRIBUTE_PRECEDENCE;

/**
 * Attributes that are kept as properties under their own name, from the span or else from its resource: what people
 * break costs down by or find a call again with. Anything else is asked for with {@link PROPERTY_PREFIXES}.
 */
export const PROPERTY_ATTRIBUTES = [
  'deployment.environment.name',
  'service.name',
  'service.version',
  'gen_ai.agent.id',
  'gen_ai.agent.version',
  'gen_ai.prompt.name',
  'gen_ai.prompt.version',
  'gen_ai.request.reasoning.level',
  'mcp.session.id',
] as const;

/** Attributes of a span whose name starts so become properties, named by the rest; the first prefix wins over the second. */
export const PROPERTY_PREFIXES = ['systemprompt.properties.', 'metadata.'] as const;

const NAMES: Readonly<Record<CanonicalField, readonly string[]>> = ATTRIBUTE_PRECEDENCE;
const MAPPED: ReadonlySet<string> = new Set([...Object.values(NAMES).flat(), ...PROPERTY_ATTRIBUTES]);
const NUMBER = /^[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?$/;

/** Does the mapping read attributes of this name? Such attributes are kept however many a span has. */
export function isMappedAttribute(name: string): boolean {
  return MAPPED.has(name) || PROPERTY_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** An attribute that was found, by the name it was sent under. */
export interface FoundAttribute<Value> {
  readonly name: string;
  readonly value: Value;
}

/** The first attribute of the field that the reader can read. */
function find<Value>(
  attributes: AttributeMap,
  field: CanonicalField,
  read: (value: AttributeValue) => Value | undefined,
): FoundAttribute<Value> | undefined {
  for (const name of NAMES[field]) {
    const sent = attributes.get(name);
    const value = sent === undefined ? undefined : read(sent);
    if (value !== undefined) return { name, value };
  }
  return undefined;
}

/** The field as text: a non-empty string, a number in its decimal spelling, or the first entry of an array. Else empty. */
export function readText(attributes: AttributeMap, field: CanonicalField): string {
  return find(attributes, field, toText)?.value ?? '';
}

/** The field as a finite number, from a number or a numeric string. */
export function readNumber(attributes: AttributeMap, field: CanonicalField): number | undefined {
  return find(attributes, field, toNumber)?.value;
}

/** The field as a finite number with the name it was sent under. */
export function findNumber(attributes: AttributeMap, field: CanonicalField): FoundAttribute<number> | undefined {
  return find(attributes, field, toNumber);
}

/** The field as a boolean, from a boolean or its name as a string. */
export function readBoolean(attributes: AttributeMap, field: CanonicalField): boolean | undefined {
  return find(attributes, field, toBoolean)?.value;
}

/** Was an attribute of the field sent, readable or not? */
export function hasAttribute(attributes: AttributeMap, field: CanonicalField): boolean {
  return NAMES[field].some((name) => attributes.has(name));
}

function toText(value: AttributeValue): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  if (!Array.isArray(value)) return undefined;
  const first: unknown = value[0];
  return typeof first === 'string' && first !== '' ? first : undefined;
}

function toNumber(value: AttributeValue): number | undefined {
  const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function toBoolean(value: AttributeValue): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return value === 'true' ? true : value === 'false' ? false : undefined;
}
