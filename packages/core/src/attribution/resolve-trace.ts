/** Where an attribution value came from. */
export type AttributionSource = 'none' | 'own' | 'ancestor' | 'trace' | 'resource';

/** What a span is to the product; only `ai_request` spans cost anything, containers never do. */
export type SpanKind = 'ai_request' | 'tool_execution' | 'agent_task' | 'other';

/** What attribution needs to know of one span. Empty strings mean "not said". */
export interface TraceSpan {
  readonly span_id: string;
  readonly parent_span_id: string;
  readonly kind: SpanKind;
  readonly session_id: string;
  readonly user_id: string;
  readonly context_id: string;
  readonly task_id: string;
  readonly agent: string;
  /** Values of the emitting process, believed last. */
  readonly resource_session_id: string;
  readonly resource_user_id: string;
  readonly resource_agent: string;
  /** Name of the tool, for a tool execution or when a model call names the tool it was made inside. */
  readonly tool: string;
  readonly tool_execution_id: string;
  readonly response_id: string;
  /** Input and output tokens together, to recognise one call seen by two instrumentations. */
  readonly total_tokens: number;
}

/** One resolved value and its source. */
export interface Attributed {
  readonly value: string;
  readonly source: AttributionSource;
}

/** Whom a span belongs to. */
export interface Attribution {
  readonly session: Attributed;
  readonly user: Attributed;
  readonly context: Attributed;
  readonly task: Attributed;
  readonly agent: Attributed;
  /** The innermost tool execution around the span; on a tool execution itself its own. */
  readonly tool: string;
  readonly tool_execution_id: string;
  /** For an agent task: the task around it. */
  readonly parent_task_id: string;
  /** Span id of the model call that this span repeats; a repeated call is never billed. */
  readonly duplicate_of: string;
}

type OwnField = 'session_id' | 'user_id' | 'context_id' | 'task_id' | 'agent';

const NOTHING: Attributed = { value: '', source: 'none' };
/** Deeper chains than this are cycles or faults; the rest of the chain is not looked at. */
const ANCESTORS_MAX = 256;

/**
 * Resolves whom every span of one trace belongs to. A pure function of the set of spans: the order in which they
 * arrived cannot matter, so a parent that arrives late only means that it is asked again.
 *
 * Order per field: own attribute, nearest ancestor that has one, the trace (when all spans that say something agree),
 * the resource. Task and agent are not taken from elsewhere in the trace: a sibling's work is not this span's.
 *
 * @param spans a span given twice counts once
 */
export function resolveTrace(spans: readonly TraceSpan[]): Map<string, Attribution> {
  const byId = new Map(spans.map((span) => [span.span_id, span]));
  const unique = [...byId.values()];
  const agreed = {
    session_id: agreedValue(unique, 'session_id'),
    user_id: agreedValue(unique, 'user_id'),
    context_id: agreedValue(unique, 'context_id'),
  };
  const duplicates = findDuplicateCalls(unique, byId);
  const resolved = new Map<string, Attribution>();
  for (const span of unique) {
    const ancestors = ancestorsOf(span, byId);
    const toolSpan = span.kind === 'tool_execution' ? span : ancestors.find((ancestor) => ancestor.kind === 'tool_execution');
    const task = pick(span, ancestors, 'task_id', '', '');
    resolved.set(span.span_id, {
      session: pick(span, ancestors, 'session_id', agreed.session_id, span.resource_session_id),
      user: pick(span, ancestors, 'user_id', agreed.user_id, span.resource_user_id),
      context: pick(span, ancestors, 'context_id', agreed.context_id, ''),
      task,
      agent: pick(span, ancestors, 'agent', '', span.resource_agent),
      tool: span.tool !== '' ? span.tool : (toolSpan?.tool ?? ''),
      tool_execution_id: span.tool_execution_id !== '' ? span.tool_execution_id : (toolSpan?.tool_execution_id ?? ''),
      parent_task_id:
        span.kind === 'agent_task'
          ? (ancestors.find((ancestor) => ancestor.task_id !== '' && ancestor.task_id !== task.value)?.task_id ?? '')
          : '',
      duplicate_of: duplicates.get(span.span_id) ?? '',
    });
  }
  return resolved;
}

function pick(span: TraceSpan, ancestors: readonly TraceSpan[], field: OwnField, agreed: string, resource: string): Attributed {
  if (span[field] !== '') return { value: span[field], source: 'own' };
  const ancestor = ancestors.find((candidate) => candidate[field] !== '');
  if (ancestor !== undefined) return { value: ancestor[field], source: 'ancestor' };
  if (agreed !== '') return { value: agreed, source: 'trace' };
  return resource !== '' ? { value: resource, source: 'resource' } : NOTHING;
}

function ancestorsOf(span: TraceSpan, byId: ReadonlyMap<string, TraceSpan>): TraceSpan[] {
  const ancestors: TraceSpan[] = [];
  const seen = new Set([span.span_id]);
  let parent = byId.get(span.parent_span_id);
  while (parent !== undefined && !seen.has(parent.span_id) && ancestors.length < ANCESTORS_MAX) {
    ancestors.push(parent);
    seen.add(parent.span_id);
    parent = byId.get(parent.parent_span_id);
  }
  return ancestors;
}

/** The one value that all spans which have one agree on, else nothing. */
function agreedValue(spans: readonly TraceSpan[], field: OwnField): string {
  let agreed = '';
  for (const span of spans) {
    const value = span[field];
    if (value === '' || value === agreed) continue;
    if (agreed !== '') return '';
    agreed = value;
  }
  return agreed;
}

/**
 * Model calls that enclose the same call again, as two instrumentations of one client produce: the innermost is billed,
 * the outer ones point at it. Same means the same response id, or being the only call inside with the same tokens.
 * What is pointed at is never a duplicate itself, so every call is billed once, also where parents form a cycle.
 */
function findDuplicateCalls(spans: readonly TraceSpan[], byId: ReadonlyMap<string, TraceSpan>): Map<string, string> {
  const innerCalls = new Map<string, TraceSpan[]>();
  for (const span of spans) {
    if (span.kind !== 'ai_request') continue;
    for (const ancestor of ancestorsOf(span, byId)) {
      if (ancestor.kind !== 'ai_request') continue;
      const inner = innerCalls.get(ancestor.span_id);
      if (inner === undefined) innerCalls.set(ancestor.span_id, [span]);
      else inner.push(span);
    }
  }
  const duplicates = new Map<string, string>();
  // A call has more calls inside than those inside it, so this order goes from the inside out.
  const insideOut = [...innerCalls].toSorted(([a, inA], [b, inB]) => inA.length - inB.length || (a < b ? -1 : 1));
  for (const [outerId, inner] of insideOut) {
    const outer = byId.get(outerId);
    if (outer === undefined) continue;
    const sameResponse = inner.filter((span) => span.response_id !== '' && span.response_id === outer.response_id);
    // With three instrumentations the middle one repeats the innermost; it is not a second call inside.
    const billed = inner.filter((span) => !duplicates.has(span.span_id));
    const only = billed.length === 1 && billed[0] !== undefined && mayBeOneCall(billed[0], outer) ? billed[0] : undefined;
    const same = sameResponse.toSorted((a, b) => (a.span_id < b.span_id ? -1 : 1))[0] ?? only;
    if (same === undefined) continue;
    let billedId = same.span_id;
    for (let next = duplicates.get(billedId); next !== undefined; next = duplicates.get(billedId)) billedId = next;
    // Calls that are each other's parent repeat one call, which is still billed once.
    if (billedId !== outerId) duplicates.set(outerId, billedId);
  }
  return duplicates;
}

/** Without a response id in common, two records are one call when they count the same and do not name two responses. */
function mayBeOneCall(inner: TraceSpan, outer: TraceSpan): boolean {
  const responsesDiffer = inner.response_id !== '' && outer.response_id !== '' && inner.response_id !== outer.response_id;
  return inner.total_tokens === outer.total_tokens && !responsesDiffer;
}
