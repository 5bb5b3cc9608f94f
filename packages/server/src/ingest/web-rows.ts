import { categoryOf, type FieldValue, type ParsedEvent } from '@systemprompt-analytics/core';
import { EventRow, type Value } from './event-rows.js';
import type { PrepareContext } from './prepare-event.js';

/** Where a visitor came from and with what, as columns; see the migration that made them. */
export interface OriginColumns {
  readonly locale: string;
  readonly device_type: string;
  readonly browser: string;
  readonly browser_version: string;
  readonly os: string;
  readonly country: string;
  readonly region: string;
  readonly city: string;
  readonly asn: number;
  readonly network: string;
  readonly hosting: boolean;
  readonly referrer_host: string;
  readonly referrer_source: string;
  readonly channel: string;
  readonly utm_source: string;
  readonly utm_medium: string;
  readonly utm_campaign: string;
  readonly utm_term: string;
  readonly utm_content: string;
  /** Name of the click id in the address, such as `gclid`; never its value. */
  readonly click_id: string;
}

/** An event that a web client caused. Its session is found when it is committed. */
export class WebRow extends EventRow {
  visitor_id: string | undefined;
  readonly page_url: Value;
  readonly page_path: string;
  readonly page_host: string;
  /** What the query, which is not stored, says of who asks. */
  readonly query_role: 'probe' | 'feed' | undefined;
  readonly referrer: Value;

  constructor(id: string, event: ParsedEvent, context: PrepareContext) {
    super(id, event, context);
    const { fields } = event;
    const { url, path, host, queryRole } = context.pages.read(fields['page_url']);
    this.page_url = url;
    this.page_path = path;
    this.page_host = host;
    this.query_role = queryRole;
    this.referrer = context.pages.linked(fields['referrer']);
  }
}

/** An event that may open a session and then says where its visitor came from. */
export class OpeningRow extends WebRow {
  readonly arrival: number;
  is_origin: true | undefined;
  locale: string | undefined;
  device_type: string | undefined;
  browser: string | undefined;
  browser_version: string | undefined;
  os: string | undefined;
  country: string | undefined;
  region: string | undefined;
  city: string | undefined;
  asn: number | undefined;
  network: string | undefined;
  hosting: boolean | undefined;
  referrer_host: string | undefined;
  referrer_source: string | undefined;
  channel: string | undefined;
  utm_source: string | undefined;
  utm_medium: string | undefined;
  utm_campaign: string | undefined;
  utm_term: string | undefined;
  utm_content: string | undefined;
  click_id: string | undefined;

  constructor(id: string, event: ParsedEvent, context: PrepareContext) {
    super(id, event, context);
    this.arrival = context.nextArrival();
  }

  /** Notes where the visitor came from: this is the first event of its session that is known. */
  setOrigin(origin: OriginColumns): void {
    Object.assign(this, origin);
    this.is_origin = true;
  }
}

/** A page view, click, conversion or custom event; a page that a web server answered is a page view. */
export class PageEventRow extends OpeningRow {
  readonly event_type: string;
  readonly event_category: string;
  readonly severity: Value;
  readonly title: Value;
  readonly content_id: Value;
  readonly target_url: Value;
  readonly goal_name: Value;
  readonly goal_value: Value;
  readonly method: Value;
  readonly status_code: Value;
  readonly response_bytes: Value;
  readonly duration_ms: Value;

  constructor(id: string, event: ParsedEvent, context: PrepareContext) {
    super(id, event, context);
    const { fields } = event;
    this.event_type = event.type === 'http_request' ? 'page_view' : event.type;
    this.event_category = categoryOf(this.event_type);
    this.severity = fields['severity'] ?? 'info';
    this.title = fields['title'];
    this.content_id = contentIdOf(fields['content_id'], this.page_path, context);
    this.target_url = context.pages.linked(fields['target_url']);
    this.goal_name = fields['goal_name'];
    this.goal_value = fields['goal_value'];
    this.method = fields['method'];
    this.status_code = fields['status_code'];
    this.response_bytes = fields['response_bytes'];
    this.duration_ms = fields['duration_ms'];
  }
}

/** A request that a web server answered and that is no page view. */
export class HttpRequestRow extends OpeningRow {
  readonly request_kind: string;
  readonly method: Value;
  readonly status_code: Value;
  readonly response_bytes: Value;
  readonly duration_ms: Value;

  constructor(id: string, event: ParsedEvent, context: PrepareContext) {
    super(id, event, context);
    const { fields } = event;
    this.request_kind = context.pages.kindOf(this.page_path);
    this.method = fields['method'] ?? 'GET';
    this.status_code = fields['status_code'];
    this.response_bytes = fields['response_bytes'];
    this.duration_ms = fields['duration_ms'];
  }
}

/** What a visitor did on a page. */
export class EngagementRow extends WebRow {
  readonly event_type: string;
  readonly title: Value;
  readonly content_id: Value;
  readonly time_on_page_ms: Value;
  readonly time_to_first_interaction_ms: Value;
  readonly time_to_first_scroll_ms: Value;
  readonly max_scroll_depth: Value;
  readonly scroll_velocity: Value;
  readonly mouse_distance: Value;
  readonly focus_time_ms: Value;
  readonly visible_time_ms: Value;
  readonly hidden_time_ms: Value;
  readonly scroll_direction_changes: Value;
  readonly clicks: Value;
  readonly keyboard_events: Value;
  readonly copy_events: Value;
  readonly blur_count: Value;
  readonly tab_switches: Value;
  readonly rage_click: Value;
  readonly dead_click: Value;
  readonly reading_pattern: Value;

  constructor(id: string, event: ParsedEvent, context: PrepareContext) {
    super(id, event, context);
    const { fields } = event;
    this.event_type = event.type;
    this.title = fields['title'];
    this.content_id = contentIdOf(fields['content_id'], this.page_path, context);
    this.time_on_page_ms = fields['time_on_page_ms'];
    this.time_to_first_interaction_ms = fields['time_to_first_interaction_ms'];
    this.time_to_first_scroll_ms = fields['time_to_first_scroll_ms'];
    this.max_scroll_depth = fields['max_scroll_depth'];
    this.scroll_velocity = fields['scroll_velocity'];
    this.mouse_distance = fields['mouse_distance'];
    this.focus_time_ms = fields['focus_time_ms'];
    this.visible_time_ms = fields['visible_time_ms'];
    this.hidden_time_ms = fields['hidden_time_ms'];
    this.scroll_direction_changes = fields['scroll_direction_changes'];
    this.clicks = fields['clicks'];
    this.keyboard_events = fields['keyboard_events'];
    this.copy_events = fields['copy_events'];
    this.blur_count = fields['blur_count'];
    this.tab_switches = fields['tab_switches'];
    this.rage_click = fields['rage_click'];
    this.dead_click = fields['dead_click'];
    this.reading_pattern = fields['reading_pattern'];
  }
}

function contentIdOf(given: Value, path: string, context: PrepareContext): FieldValue | undefined {
  return given ?? context.pages.contentIdOf(path);
}
