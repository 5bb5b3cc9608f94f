export * from './behavioral-bot-detector.js';
export {
  BEHAVIORAL_RULES,
  BEHAVIORAL_SIGNAL_NAMES,
  BEHAVIORAL_SIGNALS,
  type BehavioralRules,
  type BehavioralSignalName,
  describeSignal,
  readBehavioralRules,
} from './behavioral-signals.js';
export { describeScanning, isScanning } from './client-layers.js';
export * from './evaluation/confusion-matrix.js';
export * from './evaluation/evaluate-scores.js';
export type { LabelledScore } from './evaluation/ranked-scores.js';
export * from './evaluation/seeded-chance.js';
export * from './judge-session.js';
export * from './layered-rules.js';
export * from './measure-requests.js';
export * from './path-role.js';
export { hashOfPath, PathTable } from './path-table.js';
export type { RuleNumber, RuleTable, RuleValues } from './rule-table.js';
export * from './session-behavior.js';
export * from './session-context.js';
export {
  DISTINCT_PAGES_MAX,
  gapVariation,
  PATH_LENGTH_MAX,
  type PageMeasures,
  pageOfPath,
  pagesPerMinute,
  REFUSED_STATUS,
  type RequestKind,
  SEQUENCE_PAGES_MAX,
  type SessionRequest,
  sequenceShare,
} from './session-request.js';
