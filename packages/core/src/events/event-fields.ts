import { BUILT_IN_EVENT_TYPES, type BuiltInEventType, CALL_STATUSES, TASK_STATUSES } from './event-types.js';

/**
 * How a field's value is read. `name` and `text` differ in their length limit only; a `url` is the http or https address of a
 * page, an `ip` an IPv4 or IPv6 address, or empty where it is not known.
 */
export type FieldKind = 'name' | 'text' | 'url' | 'ip' | 'choice' | 'count' | 'measure' | 'decimal' | 'boolean' | 'timestamp';

/** An event type, or `custom` for all that are not built in. */
type FieldOwner = BuiltInEventType | 'custom';

/** One field of the event contract: the word on the wire is the word of the column. */
export interface FieldDefinition {
  readonly name: string;
  readonly kind: FieldKind;
  /** What the field says, with its unit. */
  readonly description: string;
  /** Event types that have the field, `custom` for those with a name of their own; absent: all of them. */
  readonly types?: readonly FieldOwner[];
  /** Allowed values of a `choice`. */
  readonly values?: readonly string[];
  /** Largest allowed value of a `count` or `measure`. */
  readonly maximum?: number;
  /** Needed for these event types. */
  readonly requiredFor?: readonly BuiltInEventType[];
  /** Only a sender that may speak for others (secret key, keyless loopback) may set it. */
  readonly trustedOnly?: true;
}

const AI: readonly BuiltInEventType[] = ['ai_request'];
const TOOL: readonly BuiltInEventType[] = ['tool_execution'];
const TASK: readonly BuiltInEventType[] = ['agent_task'];
const ENGAGEMENT: readonly BuiltInEventType[] = ['engagement', 'page_exit', 'scroll'];
const PAGE: readonly FieldOwner[] = ['page_view', 'page_exit', 'link_click', 'scroll', 'engagement', 'conversion', 'custom'];
const HTTP: readonly BuiltInEventType[] = ['http_request'];
/** Tasks are merged from several statements and keep no client of their own. */
const CLIENT: readonly FieldOwner[] = [...PAGE, ...HTTP, 'ai_request', 'tool_execution', 'message'];
const VISIT: readonly FieldOwner[] = [...PAGE, ...HTTP];

/** Ten thousand million: more than any request has, and ten of them still add up exactly in a double. */
export const TOKENS_MAX = 10_000_000_000;
/** A year; anything longer is a fault in the sender's clock. */
const DURATION_MS_MAX = 366 * 24 * 3_600_000;

const tokens = (name: string, description: string): FieldDefinition => ({
  name,
  kind: 'count',
  types: AI,
  maximum: TOKENS_MAX,
  description,
});
const engagementCount = (name: string, description: string): FieldDefinition => ({
  name,
  kind: 'count',
  types: ENGAGEMENT,
  maximum: 1_000_000_000,
  description,
});
const engagementMs = (name: string, description: string): FieldDefinition => ({
  name,
  kind: 'measure',
  types: ENGAGEMENT,
  maximum: DURATION_MS_MAX,
  description: `${description}, in milliseconds`,
});

/** The fields of the event contract but `type`, `usage`, and `properties`, which have rules of their own. */
export const EVENT_FIELDS: readonly FieldDefinition[] = [
  {
    name: 'id',
    kind: 'name',
    description:
      'Identity of the event: the same id counts once, however often and in whatever batch it arrives. Made by the server when absent',
  },
  { name: 'timestamp', kind: 'timestamp', description: 'When it happened, ISO 8601 or UTC milliseconds. The time of receipt when absent' },
  { name: 'session_id', kind: 'name', description: 'The session it belongs to' },
  { name: 'user_id', kind: 'name', description: 'The known user' },
  { name: 'context_id', kind: 'name', description: 'The conversation it belongs to' },
  { name: 'task_id', kind: 'name', requiredFor: TASK, description: 'The agent task it belongs to, or is' },
  { name: 'trace_id', kind: 'name', description: 'W3C trace id' },
  { name: 'span_id', kind: 'name', description: 'W3C span id' },
  { name: 'parent_span_id', kind: 'name', description: 'Span id of the caller' },
  { name: 'agent', kind: 'name', description: 'Name of the agent' },
  { name: 'fingerprint', kind: 'name', types: CLIENT, trustedOnly: true, description: "The end user's client fingerprint" },
  {
    name: 'ip',
    kind: 'ip',
    types: CLIENT,
    trustedOnly: true,
    description: "The end user's IPv4 or IPv6 address; stored as the privacy setting says",
  },
  { name: 'user_agent', kind: 'text', types: CLIENT, trustedOnly: true, description: "The end user's user agent" },

  {
    name: 'locale',
    kind: 'name',
    types: VISIT,
    trustedOnly: true,
    description: "The end user's Accept-Language header or language tag",
  },
  {
    name: 'do_not_track',
    kind: 'boolean',
    types: VISIT,
    trustedOnly: true,
    description: 'Did the end user ask not to be tracked (DNT or Sec-GPC)? Then nothing that tells one visitor from another is stored',
  },

  { name: 'provider', kind: 'name', types: AI, description: 'Who served the model: anthropic, openai, google, aws, azure, ...' },
  { name: 'model', kind: 'name', types: AI, requiredFor: AI, description: 'The model that answered' },
  { name: 'request_model', kind: 'name', types: AI, description: 'The model that was asked for, where it differs' },
  { name: 'response_id', kind: 'name', types: AI, description: "The provider's id of the answer" },
  tokens('input_tokens', 'Input tokens not read from or written to a cache, unless input_includes_cache is true'),
  tokens('cache_read_tokens', 'Input tokens read from a cache'),
  tokens('cache_write_tokens', 'Input tokens written to a cache, for 5 minutes and for 1 hour together'),
  tokens('cache_write_1h_tokens', 'The part of cache_write_tokens written for 1 hour'),
  tokens('output_tokens', 'Output tokens, reasoning_tokens among them unless output_includes_reasoning is false'),
  tokens('reasoning_tokens', 'Output tokens spent on reasoning'),
  tokens('input_audio_tokens', 'The part of input_tokens that is audio'),
  tokens('output_audio_tokens', 'The part of output_tokens that is audio'),
  tokens('input_image_tokens', 'The part of input_tokens that is images'),
  tokens('output_image_tokens', 'The part of output_tokens that is images'),
  { name: 'web_searches', kind: 'count', types: AI, maximum: 1_000_000, description: 'Web searches that the provider bills' },
  {
    name: 'input_includes_cache',
    kind: 'boolean',
    types: AI,
    description: 'Does input_tokens include cache_read_tokens and cache_write_tokens? Default false',
  },
  {
    name: 'output_includes_reasoning',
    kind: 'boolean',
    types: AI,
    description: 'Does output_tokens include reasoning_tokens? Default true',
  },
  {
    name: 'latency_ms',
    kind: 'measure',
    types: AI,
    maximum: DURATION_MS_MAX,
    description: 'From request to the end of the answer, in milliseconds',
  },
  {
    name: 'time_to_first_token_ms',
    kind: 'measure',
    types: AI,
    maximum: DURATION_MS_MAX,
    description: 'From request to the first token, in milliseconds',
  },
  { name: 'streaming', kind: 'boolean', types: AI, description: 'Was the answer streamed?' },
  { name: 'service_tier', kind: 'name', types: AI, description: 'The tier the provider bills: standard, batch, flex, ...' },
  { name: 'finish_reason', kind: 'name', types: AI, description: 'Why the model stopped' },
  {
    name: 'tool_execution_id',
    kind: 'name',
    types: ['ai_request', 'tool_execution'],
    description: 'The tool execution that the model call served; on a tool_execution its own id where it differs from id',
  },

  {
    name: 'tool',
    kind: 'name',
    types: ['ai_request', 'tool_execution'],
    requiredFor: TOOL,
    description: 'Name of the tool; on an ai_request the tool it was made inside',
  },
  { name: 'server', kind: 'name', types: TOOL, description: 'The MCP server that offers the tool' },
  {
    name: 'duration_ms',
    kind: 'measure',
    types: [...TOOL, ...HTTP],
    maximum: DURATION_MS_MAX,
    description: 'How long the tool ran, or the server took to answer, in milliseconds',
  },
  { name: 'ai_tool_call_id', kind: 'name', types: TOOL, description: "The model's tool call that this execution answers" },

  { name: 'parent_task_id', kind: 'name', types: TASK, description: 'The task that started this one' },
  { name: 'started_at', kind: 'timestamp', types: TASK, description: 'When the task started, ISO 8601 or UTC milliseconds' },
  { name: 'completed_at', kind: 'timestamp', types: TASK, description: 'When the task ended, ISO 8601 or UTC milliseconds' },

  { name: 'error_type', kind: 'name', types: [...AI, ...TOOL, ...TASK], description: 'Class of the failure: overloaded_error, 429, ...' },
  { name: 'error_message', kind: 'text', types: [...AI, ...TOOL, ...TASK], description: 'What went wrong' },

  { name: 'message_id', kind: 'name', types: ['message'], description: 'Id of the message in its conversation' },
  {
    name: 'role',
    kind: 'choice',
    types: ['message'],
    values: ['user', 'assistant', 'agent', 'system', 'tool'],
    description: 'Who wrote the message',
  },
  {
    name: 'content_length',
    kind: 'count',
    types: ['message'],
    maximum: 1_000_000_000,
    description: 'Characters of the message; its text is not stored',
  },

  {
    name: 'page_url',
    kind: 'url',
    types: VISIT,
    requiredFor: ['page_view', 'page_exit', 'link_click', 'http_request'],
    description: 'Absolute http or https address of the page, or of what was asked for',
  },
  { name: 'referrer', kind: 'text', types: VISIT, description: 'Address the visitor came from' },
  { name: 'title', kind: 'text', types: PAGE, description: 'Title of the page' },
  { name: 'content_id', kind: 'name', types: VISIT, description: 'Id of the content shown' },
  { name: 'method', kind: 'name', types: HTTP, description: 'GET, HEAD, POST, ... Default GET' },
  {
    name: 'status_code',
    kind: 'count',
    types: HTTP,
    maximum: 999,
    requiredFor: HTTP,
    description: 'Status that the server answered with. A GET of a page answered with 2xx or 304 is stored as a page_view',
  },
  { name: 'response_bytes', kind: 'count', types: HTTP, maximum: Number.MAX_SAFE_INTEGER, description: 'Bytes of the answer' },
  {
    name: 'severity',
    kind: 'choice',
    types: ['page_view', 'link_click', 'conversion', 'custom'],
    values: ['debug', 'info', 'warning', 'error', 'critical'],
    description: 'How serious the event is. Default info',
  },
  { name: 'target_url', kind: 'text', types: ['link_click'], requiredFor: ['link_click'], description: 'Where the clicked link leads' },
  { name: 'goal_name', kind: 'name', types: ['conversion'], requiredFor: ['conversion'], description: 'The goal that was reached' },
  {
    name: 'goal_value',
    kind: 'decimal',
    types: ['conversion'],
    description: "What the goal is worth, in the project's currency, as a decimal string or a number",
  },

  engagementMs('time_on_page_ms', 'Time the page was open'),
  engagementMs('time_to_first_interaction_ms', 'Until the first interaction'),
  engagementMs('time_to_first_scroll_ms', 'Until the first scroll'),
  { name: 'max_scroll_depth', kind: 'measure', types: ENGAGEMENT, maximum: 100, description: 'Deepest point of the page seen, in percent' },
  {
    name: 'scroll_velocity',
    kind: 'measure',
    types: ENGAGEMENT,
    maximum: 1_000_000_000,
    description: 'Mean scroll speed, in pixels per second',
  },
  engagementCount('scroll_direction_changes', 'How often the scroll direction changed'),
  engagementCount('clicks', 'Clicks on the page'),
  { name: 'mouse_distance', kind: 'measure', types: ENGAGEMENT, maximum: 1_000_000_000, description: 'Way of the pointer, in pixels' },
  engagementCount('keyboard_events', 'Keys pressed; never which'),
  engagementCount('copy_events', 'Copies to the clipboard'),
  engagementMs('focus_time_ms', 'Time the page had the focus'),
  engagementCount('blur_count', 'How often the page lost the focus'),
  engagementCount('tab_switches', 'How often the visitor went to another tab'),
  engagementMs('visible_time_ms', 'Time the page was visible'),
  engagementMs('hidden_time_ms', 'Time the page was hidden'),
  { name: 'rage_click', kind: 'boolean', types: ENGAGEMENT, description: 'Were there repeated clicks on one place?' },
  { name: 'dead_click', kind: 'boolean', types: ENGAGEMENT, description: 'Was there a click that did nothing?' },
  { name: 'reading_pattern', kind: 'name', types: ENGAGEMENT, description: 'How the page was read: skimmer, reader, bouncer, ...' },
];

/** Allowed values of `status`, which differ by event type. A model call may also say `error`, which is stored as `failed`. */
export const STATUS_VALUES: Readonly<Partial<Record<BuiltInEventType, readonly string[]>>> = {
  ai_request: [...CALL_STATUSES, 'error'],
  tool_execution: CALL_STATUSES,
  agent_task: TASK_STATUSES,
};

/** Which fields an event type has, by name. */
export type FieldsByName = ReadonlyMap<string, FieldDefinition>;

function fieldsOf(type: FieldOwner): FieldsByName {
  const fields = new Map<string, FieldDefinition>();
  for (const field of EVENT_FIELDS) {
    if (field.types === undefined || field.types.includes(type)) fields.set(field.name, field);
  }
  const statuses = type === 'custom' ? undefined : STATUS_VALUES[type];
  if (statuses !== undefined) {
    fields.set('status', {
      name: 'status',
      kind: 'choice',
      values: statuses,
      description: 'How it ended, or how the task stands',
      requiredFor: TASK,
    });
  }
  return fields;
}

const FIELDS_BY_TYPE: ReadonlyMap<string, FieldsByName> = new Map(BUILT_IN_EVENT_TYPES.map((type) => [type, fieldsOf(type)]));
const CUSTOM_EVENT_FIELDS = fieldsOf('custom');

/** The fields an event of this type may carry; a custom event has those that every event has. */
export function fieldsOfType(type: string): FieldsByName {
  return FIELDS_BY_TYPE.get(type) ?? CUSTOM_EVENT_FIELDS;
}

const REQUIRED_FIELDS_BY_TYPE: ReadonlyMap<string, readonly FieldDefinition[]> = new Map(
  BUILT_IN_EVENT_TYPES.map((type) => [type, [...fieldsOf(type).values()].filter((field) => field.requiredFor?.includes(type) === true)]),
);

/** The fields an event of this type must carry besides `type`; a custom event needs none. */
export function requiredFieldsOf(type: string): readonly FieldDefinition[] {
  return REQUIRED_FIELDS_BY_TYPE.get(type) ?? [];
}
