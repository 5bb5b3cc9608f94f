import { type Attribution, type EventTable, resolveTrace } from '@systemprompt-analytics/core';
import { bind, identifier, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { applyAttribution, applyCallAttribution, type ModelCallRow } from './event-rows.js';
import { groupBy } from './group-by.js';
import type { PreparedEvent } from './prepare-event.js';
import type { StoredSpan } from './stored-span.js';
import { inheritedTaskRow, type TaskStateRow } from './task-state.js';

/** Spans of one trace lie within this time of each other; older ones are another run that reuses the id. */
const TRACE_MS_MAX = 24 * 3_600_000;
const TRACES_PER_LOOKUP = 5_000;
const SPANS_PER_LOOKUP_MAX = 1_000_000;

const TABLE_BY_KIND = { ai_request: 'ai_requests', tool_execution: 'mcp_tool_executions', agent_task: 'agent_task_states' } as const;

/** What a move has to write because of its traces. */
export interface TraceOutcome {
  /** Spans that were not stored yet. */
  readonly newSpans: readonly StoredSpan[];
  readonly corrected: readonly CorrectedRow[];
}

/** A row stored earlier that belongs to someone else since more is known of its trace, complete and with its new version. */
export interface CorrectedRow {
  readonly table: EventTable;
  readonly projectId: string;
  readonly row: Record<string, unknown>;
  /** The sessions it belongs to now and belonged to before; both have to be recomputed. */
  readonly sessionIds: readonly string[];
}

/** A span whose row has to be corrected. */
interface Correction {
  readonly span: StoredSpan;
  readonly attribution: Attribution;
  /** The session it belonged to; it has to be recomputed as well. */
  readonly previousSession: string;
}

/** Spans are told apart by project, trace and span id. */
type TraceKey = string;
const traceKeyOf = (span: { readonly project_id: string; readonly trace_id: string }): TraceKey =>
  `${span.project_id}\u0000${span.trace_id}`;
const spanKeyOf = (span: StoredSpan): string => `${traceKeyOf(span)}\u0000${span.span_id}`;

/**
 * Resolves the traces that a move touches over everything known of them, stored or just arrived. Rows of the move get
 * their attribution in place; rows stored earlier that now belong to someone else are read back and returned.
 *
 * Spans are written after the rows. A move that was killed in between is therefore seen again when it is repeated: its
 * rows are known, its spans are not, and whatever the killed one left undone is done then.
 *
 * @param events the move's events that are not stored yet
 * @param version version that corrected rows are written with
 */
export async function attributeTraces(
  store: Store,
  arrived: readonly StoredSpan[],
  events: readonly PreparedEvent[],
  version: number,
): Promise<TraceOutcome> {
  const storedByTrace = groupBy(await findSpans(store, arrived), traceKeyOf);
  const eventByRow = new Map(events.map((event) => [rowKey(event.projectId, event.table, rowIdOf(event)), event]));
  const newSpans: StoredSpan[] = [];
  const corrections: Correction[] = [];
  for (const [key, group] of groupBy(arrived, traceKeyOf)) {
    const stored = storedByTrace.get(key) ?? [];
    const known = new Set(stored.map(spanKeyOf));
    const fresh: StoredSpan[] = [];
    for (const span of group) {
      if (known.has(spanKeyOf(span))) continue;
      known.add(spanKeyOf(span));
      fresh.push(span);
    }
    if (fresh.length === 0 && !group.some((span) => eventByRow.has(rowKeyOf(span)))) continue;
    const resolved = resolveTrace([...stored, ...fresh]);
    const before = stored.length > 0 ? resolveTrace(stored) : new Map<string, Attribution>();
    for (const span of [...stored, ...fresh]) {
      const attribution = resolved.get(span.span_id);
      if (attribution === undefined || span.event_id === '') continue;
      const event = eventByRow.get(rowKeyOf(span));
      if (event !== undefined) attributeEvent(event, attribution, version);
      else if (!sameAttribution(before.get(span.span_id), attribution)) {
        corrections.push({ span, attribution, previousSession: before.get(span.span_id)?.session.value ?? '' });
      }
    }
    newSpans.push(...fresh);
  }
  return { newSpans, corrected: await correctRows(store, corrections, version) };
}

/** Rows are told apart by project, table and id: a task may bear the id of a call. */
function rowKey(projectId: string, table: EventTable, id: string): string {
  return `${projectId}\u0000${table}\u0000${id}`;
}

function rowKeyOf({ project_id, kind, event_id }: StoredSpan): string {
  return kind === 'other' ? '' : rowKey(project_id, TABLE_BY_KIND[kind], event_id);
}

/** A task's row is known by its task id, since several events speak of one task. */
function rowIdOf(event: PreparedEvent): string {
  return event.table === 'agent_task_states' ? String(event.row['task_id']) : event.id;
}

function attributeEvent(event: PreparedEvent, attribution: Attribution, version: number): void {
  switch (event.table) {
    case 'agent_task_states':
      Object.assign(event.row, inheritedTaskRow(event.row, attribution, version));
      return;
    case 'ai_requests':
      applyAttribution(event.row, attribution);
      applyCallAttribution(event.row, attribution);
      return;
    case 'mcp_tool_executions':
      applyAttribution(event.row, attribution);
      return;
    default:
      // Page events and messages are in no trace.
      return;
  }
}

function sameAttribution(before: Attribution | undefined, after: Attribution): boolean {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after);
}

async function findSpans(store: Store, arrived: readonly StoredSpan[]): Promise<StoredSpan[]> {
  const found: StoredSpan[] = [];
  for (const [projectId, ofProject] of groupBy(arrived, (span) => span.project_id)) {
    const traceIds = [...new Set(ofProject.map((span) => span.trace_id))];
    const { firstMs, lastMs } = timeRange(ofProject);
    for (let start = 0; start < traceIds.length; start += TRACES_PER_LOOKUP) {
      const rows = await store.query<StoredSpan>(
        render(sql`SELECT project_id, trace_id, span_id, parent_span_id, timestamp, event_id, kind, session_id, user_id,
          context_id, task_id, agent, resource_session_id, resource_user_id, resource_agent, tool, tool_execution_id, response_id, total_tokens
          FROM spans FINAL WHERE project_id = ${bind.string(projectId)}
          AND trace_id IN ${bind.strings(traceIds.slice(start, start + TRACES_PER_LOOKUP))}
          AND timestamp >= ${bind.timeMs(Math.max(0, firstMs - TRACE_MS_MAX))} AND timestamp <= ${bind.timeMs(lastMs + TRACE_MS_MAX)}`),
        { rows: SPANS_PER_LOOKUP_MAX },
      );
      // The engine writes 64-bit numbers as text.
      for (const row of rows) found.push({ ...row, total_tokens: Number(row.total_tokens) });
    }
  }
  return found;
}

async function correctRows(store: Store, corrections: readonly Correction[], version: number): Promise<CorrectedRow[]> {
  const corrected: CorrectedRow[] = [];
  for (const [kind, ofKind] of groupBy(corrections, ({ span }) => span.kind)) {
    if (kind === 'other') continue;
    const table = TABLE_BY_KIND[kind];
    for (const [projectId, ofProject] of groupBy(ofKind, ({ span }) => span.project_id)) {
      const rows =
        table === 'agent_task_states'
          ? taskCorrections(ofProject, version)
          : await callCorrections(store, table, projectId, ofProject, version);
      for (const { row, correction } of rows) {
        const sessionIds = [correction.previousSession, correction.attribution.session.value];
        corrected.push({ table, projectId, row, sessionIds });
      }
    }
  }
  return corrected;
}

interface CorrectionRow {
  readonly row: Record<string, unknown>;
  readonly correction: Correction;
}

/** Rows of calls and tool executions are read back, since a replacing table takes whole rows only. */
async function callCorrections(
  store: Store,
  table: 'ai_requests' | 'mcp_tool_executions',
  projectId: string,
  corrections: readonly Correction[],
  version: number,
): Promise<CorrectionRow[]> {
  const correctionById = new Map(corrections.map((correction) => [correction.span.event_id, correction]));
  const { firstMs, lastMs } = timeRange(corrections.map(({ span }) => span));
  const rows = await store.query<ModelCallRow>(
    render(sql`SELECT * FROM ${identifier(table)} FINAL WHERE project_id = ${bind.string(projectId)}
      AND timestamp >= ${bind.timeMs(firstMs)} AND timestamp <= ${bind.timeMs(lastMs)} AND event_id IN ${bind.strings([...correctionById.keys()])}`),
  );
  return rows.flatMap((row) => {
    const correction = correctionById.get(row.event_id);
    if (correction === undefined) return [];
    applyAttribution(row, correction.attribution);
    if (table === 'ai_requests') applyCallAttribution(row, correction.attribution);
    // Another node's clock may be ahead: the correction has to win over what it corrects.
    return [{ row: { ...row, version: Math.max(version, Number(row.version) + 1) }, correction }];
  });
}

function taskCorrections(corrections: readonly Correction[], version: number): CorrectionRow[] {
  return corrections.map((correction) => {
    const { span, attribution } = correction;
    const row: TaskStateRow = {
      project_id: span.project_id,
      task_id: span.event_id,
      timestamp: span.timestamp,
      started_at: null,
      completed_at: null,
    };
    return { row: inheritedTaskRow(row, attribution, version), correction };
  });
}

function timeRange(spans: readonly StoredSpan[]): { readonly firstMs: number; readonly lastMs: number } {
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = 0;
  for (const span of spans) {
    const timestampMs = Date.parse(span.timestamp);
    firstMs = Math.min(firstMs, timestampMs);
    lastMs = Math.max(lastMs, timestampMs);
  }
  return { firstMs, lastMs };
}

/** The highest version that a move of an earlier process wrote spans with; 0 in an empty store. */
export async function findNewestVersion(store: Store): Promise<number> {
  const [newest] = await store.query<{ version: string }>(render(sql`SELECT max(version) AS version FROM spans`));
  return Number(newest?.version ?? 0);
}
