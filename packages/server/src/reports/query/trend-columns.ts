import type { ColumnDefinition, Measure } from '../definition.js';
import { column, columnsOf } from './measure.js';

/** Columns of a trend: the start of the bucket, then measures. */
export function trendColumns(measures: readonly Measure[]): ColumnDefinition[] {
  return [column('bucket', 'timestamp', 'Start of the bucket; the first one starts with the range'), ...columnsOf(measures)];
}
