/**
 * The library side of systemprompt-analytics: the server inside an application of one's own, or its ingest and reports
 * without HTTP. The command line, the routes and the SQL are not part of it; the domain (event contract, exact money,
 * prices) is `@systemprompt-analytics/core`.
 *
 * @example
 * const server = await startServer(readConfiguration({ data: './data', port: '0' }));
 * console.log(server.url);
 * await server.close();
 */

export { BotVerdicts, type ExplainedLayer, type VerdictExplanation } from './bots/bot-verdicts.js';
export { type ConfigurationFlags, type IpPrivacy, readConfiguration, type ServerConfiguration } from './configuration.js';
export type { BotIdentity, ClientFacts } from './enrichment/client-facts.js';
export { Enricher, type EnricherConfiguration, openEnricher } from './enrichment/enrich.js';
export type { GeoIpReader } from './enrichment/geo.js';
export type { SessionAnalytics, SessionAnalyticsInput } from './enrichment/session-analytics.js';
export { FingerprintRepository, type ReputationQuery } from './fingerprints/fingerprint-repository.js';
export type { ReputationSort } from './fingerprints/fingerprint-rows.js';
export type { IngestAnswer, IngestService, RejectedEvent } from './ingest/ingest-service.js';
export type { Sender } from './ingest/prepare-event.js';
export type { BatchItem } from './ingest/read-batch.js';
export type { ErasureSubject } from './privacy/erasure.js';
export { openProduct, type Product, type ProductOptions } from './product.js';
export type { AnswerColumn } from './reports/answer/answer-columns.js';
export type { AnswerRow } from './reports/answer/answer-rows.js';
export type { ReportDefinition, ReportShape } from './reports/definition.js';
export type { ReportParameter } from './reports/parameters/report-parameters.js';
export { describeReport, findReport, REPORTS, type ReportDescription } from './reports/registry.js';
export type { ReportAnswer } from './reports/run-report.js';
export { type RunningServer, startServer } from './server/start-server.js';
export { AnalyticsService, type SessionFacts } from './sessions/analytics-service.js';
export { SessionCleanupService } from './sessions/session-cleanup-service.js';
export type { Mark } from './sessions/session-mark.js';
export { type NewSession, SessionRepository } from './sessions/session-repository.js';
export type { BindValue, QueryLimits, SqlQuery, Store, StoredRow, StoreTopology } from './store/store.js';
export { ThrottleService } from './throttle/throttle-service.js';
export { SYSTEM_TIMER, type Timer } from './timer.js';
