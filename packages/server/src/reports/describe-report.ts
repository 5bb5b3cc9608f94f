import { type AnswerColumn, answerColumns, definedColumns } from './answer/answer-columns.js';
import type { ReportDefinition, ReportShape } from './definition.js';
import { describeParameters, type ReportParameter } from './parameters/report-parameters.js';

/** One report as its callers see it; routes, OpenAPI and commands are made of this. */
export interface ReportDescription {
  readonly group: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly path: string;
  readonly shape: ReportShape;
  readonly parameters: readonly ReportParameter[];
  /** Columns of the answer; where they depend on a parameter, those of its default. */
  readonly columns: readonly AnswerColumn[];
}

/** Describes a report for its callers. */
export function describeReport(definition: ReportDefinition): ReportDescription {
  const { group, name, title, description, shape } = definition;
  return {
    group,
    name,
    title,
    description,
    path: group === name ? `/v1/reports/${group}` : `/v1/reports/${group}/${name}`,
    shape,
    parameters: describeParameters(definition),
    columns: answerColumns(definedColumns(definition)),
  };
}
