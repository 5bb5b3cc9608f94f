export { LogEvaluator } from './evaluate-log.js';
export { readLabels } from './read-labels.js';
export { DECLARED_LABELS } from './session-labels.js';
