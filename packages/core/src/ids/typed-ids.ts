declare const brand: unique symbol;

/** A string that the compiler keeps apart from every other kind of id. */
type Id<Name extends string> = string & { readonly [brand]: Name };

/** Id of a project, whose data is never seen from another one. */
export type ProjectId = Id<'ProjectId'>;
/** Id of a key, which is not its secret. */
export type KeyId = Id<'KeyId'>;
/** Id of an event, as its sender named it; an event counts once. */
export type EventId = Id<'EventId'>;
/**
 * Id of a session.
 *
 * @example
 * const sessionId: SessionId = created.sessionId;
 */
export type SessionId = Id<'SessionId'>;
/**
 * Id of a user, as the application names it.
 *
 * @example
 * const userId: UserId | '' = ended.userId;
 */
export type UserId = Id<'UserId'>;
/**
 * A fingerprint, or a cookieless hash of the day.
 *
 * @example
 * const visitorId: VisitorId | '' = ended.visitorId;
 */
export type VisitorId = Id<'VisitorId'>;
/**
 * Id of a funnel.
 *
 * @example
 * const stepsOf = new Map<FunnelId, number>();
 */
export type FunnelId = Id<'FunnelId'>;
/** Id of an anomaly. */
export type AnomalyId = Id<'AnomalyId'>;
/** Id of an agent task. */
export type TaskId = Id<'TaskId'>;
/** Id of a conversation. */
export type ContextId = Id<'ContextId'>;
/** Id of a trace of OpenTelemetry. */
export type TraceId = Id<'TraceId'>;

/** The project that exists on every installation and takes loopback telemetry sent without a key. */
export const DEFAULT_PROJECT_ID = 'default' as ProjectId;
