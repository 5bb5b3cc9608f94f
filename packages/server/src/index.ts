/**
 * The library side of systemprompt-analytics: the server inside an application of one's own, or its ingest, reports and services
 * without HTTP. The command line, the routes and the SQL are not part of it. The rest of the domain (event contract, exact money,
 * prices) is `@systemprompt-analytics/core`. docs/library.md has an example of each part.
 *
 * @example
 * const server = await startServer(readConfiguration({ data: './data', port: '0' }));
 * console.log(server.url);
 * await server.close();
 */

export {
  AnalyticsError,
  type AnalyticsResult,
  type AnalyticsSession,
  type AnomalyCheckResult,
  type AnomalyDimension,
  type AnomalyId,
  AnomalyLevel,
  type AnomalyMetric,
  type BehavioralAnalysisInput,
  type BehavioralAnalysisResult,
  BehavioralBotDetector,
  type BehavioralSignal,
  type BehavioralSignalName,
  type ContentPatterns,
  type ContentRouting,
  type ContextId,
  DEFAULT_ESCALATION_CRITERIA,
  DEFAULT_PROJECT_ID,
  defaultContentRouting,
  type ErrorCode,
  type EscalationCriteria,
  type EventId,
  type FingerprintReputation,
  type FlagReason,
  type FunnelId,
  isHighRisk,
  type KeyId,
  nameOfLevel,
  type ProjectId,
  type SessionId,
  type TaskId,
  ThrottleLevel,
  type ThrottleState,
  type TraceId,
  type UserId,
  type VisitorId,
} from '@systemprompt-analytics/core';
export type { Anomaly, AnomalyChange, AnomalyFilter } from './anomalies/anomaly.js';
export { type AnomalyDetectionOptions, AnomalyDetectionService, type MeasuredOf } from './anomalies/anomaly-detection-service.js';
export type { AnomalyEvent } from './anomalies/recent-events.js';
export type { AnomalyThreshold } from './anomalies/threshold-book.js';
export { BotVerdicts, type ExplainedLayer, type VerdictExplanation } from './bots/bot-verdicts.js';
export { type ConfigurationFlags, type IpPrivacy, readConfiguration, type ServerConfiguration } from './configuration.js';
export type { BotIdentity, ClientFacts } from './enrichment/client-facts.js';
export { Enricher, type EnricherConfiguration, openEnricher } from './enrichment/enrich.js';
export type { GeoFacts, GeoIpReader } from './enrichment/geo.js';
export type { SessionAnalytics, SessionAnalyticsInput } from './enrichment/session-analytics.js';
export { FingerprintRepository, type FingerprintRepositoryOptions, type ReputationQuery } from './fingerprints/fingerprint-repository.js';
export type { ReputationSort } from './fingerprints/fingerprint-rows.js';
export type { IngestAnswer, IngestService, RejectedEvent } from './ingest/ingest-service.js';
export type { Sender } from './ingest/prepare-event.js';
export type { BatchItem } from './ingest/read-batch.js';
export { LiveFeed, type LiveFeedOptions, type LiveSubscriptionOptions } from './live/live-feed.js';
export type { LiveEventMessage, LiveMessageType, LiveSessionMessage } from './live/live-message.js';
export type { LiveSubscription } from './live/live-subscription.js';
export type { EventObserver, ObservedEvent } from './live/observed-event.js';
export type { ErasureSubject } from './privacy/erasure.js';
export { openProduct, type Product, type ProductOptions } from './product.js';
export type { AnswerColumn } from './reports/answer/answer-columns.js';
export type { AnswerRow } from './reports/answer/answer-rows.js';
export type { ReportDefinition, ReportShape } from './reports/definition.js';
export type { ReportParameter } from './reports/parameters/report-parameters.js';
export { describeReport, findReport, REPORTS, type ReportDescription } from './reports/registry.js';
export * from './reports/repositories/index.js';
export type { ReportAnswer } from './reports/run-report.js';
export { type RunningServer, startServer } from './server/start-server.js';
export { AnalyticsService, type SessionFacts } from './sessions/analytics-service.js';
export { type SessionCleanupOptions, SessionCleanupService } from './sessions/session-cleanup-service.js';
export type { Mark } from './sessions/session-mark.js';
export { type NewSession, SessionRepository } from './sessions/session-repository.js';
export { migrate } from './store/migrations.js';
export { openStore, type StoreLocation } from './store/open-store.js';
export type { BindValue, QueryLimits, SqlQuery, Store, StoredRow, StoreTopology } from './store/store.js';
export { openRateLimiter, type RateLimiter, type RateLimiterOptions } from './throttle/open-rate-limiter.js';
export type { DecisionRequest, ObservedRequest, ThrottleDecision } from './throttle/throttle-decision.js';
export { ThrottleService, type ThrottleServiceOptions } from './throttle/throttle-service.js';
export type { SubjectKind, ThrottledSubject, ThrottleSubject } from './throttle/throttle-subject.js';
export { SYSTEM_TIMER, type Timer } from './timer.js';
