import type { ObservedEvent } from '../observed-event.js';

let made = 0;

/** An event as an observer sees it: a model call of the default project unless told otherwise. */
export function observed(event: Partial<ObservedEvent> & Pick<ObservedEvent, 'timestampMs'>): ObservedEvent {
  return {
    projectId: 'default',
    eventId: `e${++made}`,
    type: 'ai_request',
    receivedMs: event.timestampMs,
    sessionId: '',
    visitorId: '',
    userId: '',
    agent: '',
    tool: '',
    model: 'small',
    path: '',
    requestKind: undefined,
    method: '',
    statusCode: undefined,
    referrer: '',
    interacted: false,
    session: undefined,
    queryRole: undefined,
    failed: false,
    durationMs: undefined,
    costPicodollars: undefined,
    tokens: undefined,
    ip: '',
    userAgent: '',
    client: undefined,
    ...event,
  };
}

/** A page that a visitor asked for. */
export function observedPage(event: Partial<ObservedEvent> & Pick<ObservedEvent, 'timestampMs'>): ObservedEvent {
  return observed({
    type: 'page_view',
    model: '',
    requestKind: 'page',
    method: 'GET',
    statusCode: 200,
    path: '/',
    visitorId: 'v1',
    ...event,
  });
}
