declare const brand: unique symbol;

/** A string that the compiler keeps apart from every other kind of id. */
type Id<Name extends string> = string & { readonly [brand]: Name };

export type ProjectId = Id<'ProjectId'>;
export type KeyId = Id<'KeyId'>;
export type EventId = Id<'EventId'>;
export type SessionId = Id<'SessionId'>;
export type UserId = Id<'UserId'>;
/** A fingerprint, or a cookieless hash of the day. */
export type VisitorId = Id<'VisitorId'>;
export type FunnelId = Id<'FunnelId'>;
export type AnomalyId = Id<'AnomalyId'>;
export type TaskId = Id<'TaskId'>;
export type ContextId = Id<'ContextId'>;
export type TraceId = Id<'TraceId'>;

/** The project that exists on every installation and takes loopback telemetry sent without a key. */
export const DEFAULT_PROJECT_ID = 'default' as ProjectId;
