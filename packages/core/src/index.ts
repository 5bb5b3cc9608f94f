export {
  ACCESS_LOG_FORMATS,
  type AccessLogEntry,
  type AccessLogFormat,
  type AccessLogOutcome,
} from './access-log/access-log-entry.js';
export * from './access-log/infer-site.js';
export { ACCESS_LOG_JSON_DURATIONS, ACCESS_LOG_JSON_FIELDS } from './access-log/json-log-line.js';
export { type LogClient, readLogClient } from './access-log/log-client.js';
export * from './access-log/parse-access-log.js';
export { accessLogUrl } from './access-log/request-target.js';
export {
  ANOMALY_METHODS,
  type AnomalyCheckResult,
  AnomalyLevel,
  type AnomalyMethod,
  isWorse,
} from './anomalies/anomaly-level.js';
export * from './anomalies/anomaly-metrics.js';
export * from './anomalies/anomaly-thresholds.js';
export * from './anomalies/median.js';
export * from './anomalies/running-statistics.js';
export * from './anomalies/seasonal.js';
export * from './anomalies/trend.js';
export * from './attribution/resolve-trace.js';
export * from './bots/index.js';
export * from './errors/analytics-error.js';
export * from './errors/reason-of.js';
export * from './events/event-fault.js';
export * from './events/event-fields.js';
export * from './events/event-types.js';
export * from './events/ingest-limits.js';
export * from './events/parse-event.js';
export * from './extraction/campaign.js';
export * from './extraction/channel.js';
export * from './extraction/click-ids.js';
export * from './extraction/client-address.js';
export * from './extraction/content-routing.js';
export * from './extraction/host-of.js';
export * from './extraction/ip-address.js';
export * from './extraction/ip-networks.js';
export * from './extraction/locale.js';
export * from './extraction/referrer-sources.js';
export * from './extraction/request-headers.js';
export * from './extraction/stripped-url.js';
export { isAddress, parseAddress, type WebUrl } from './extraction/web-platform.js';
export * from './fingerprints/fingerprint-reputation.js';
export * from './fingerprints/minute-velocity.js';
export * from './fingerprints/reputation-rules.js';
export * from './ids/typed-ids.js';
export * from './money/picodollars.js';
export * from './pricing/price-book.js';
export * from './pricing/price-book-data.js';
export * from './pricing/price-overrides.js';
export * from './pricing/price-request.js';
export * from './sessions/analytics-session.js';
export * from './throttle/escalation-criteria.js';
export * from './throttle/throttle-level.js';
export * from './throttle/throttle-state.js';
export * from './tokens/inclusive-usage.js';
export * from './tokens/provider-usage.js';
export * from './tokens/token-usage.js';
