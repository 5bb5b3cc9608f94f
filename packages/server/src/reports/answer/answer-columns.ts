import type { ColumnDefinition, ColumnType, ReportDefinition } from '../definition.js';

/** What a column of an answer holds: as in a definition, with money in its two notations. */
export type AnswerColumnType = Exclude<ColumnType, 'money'> | 'usd' | 'microdollars';

/** One column of an answer. */
export interface AnswerColumn {
  readonly name: string;
  readonly type: AnswerColumnType;
  readonly unit: string | null;
  readonly description: string;
}

/** The columns an answer has for the columns of a definition. */
export function answerColumns(columns: readonly ColumnDefinition[]): AnswerColumn[] {
  return columns.flatMap((column): AnswerColumn[] => {
    const { name, type, unit, description, items } = column;
    if (type === 'money') {
      return [
        { name: `${name}_microdollars`, type: 'microdollars', unit: 'microdollars', description: `${description}; rounded half to even` },
        { name: `${name}_usd`, type: 'usd', unit: 'usd', description: `${description}; exact` },
      ];
    }
    if (items === undefined) return [{ name, type, unit, description }];
    const fields = answerColumns(items).map((item) => item.name);
    return [{ name, type, unit, description: `${description}. Fields: ${fields.join(', ')}` }];
  });
}

/** The columns of a report whose parameters are not known, with those that compare it to the previous period. */
export function definedColumns(definition: ReportDefinition): ColumnDefinition[] {
  const compared = definition.shape === 'record' ? (definition.compared ?? []) : [];
  return definition.columns.flatMap((column) => (compared.includes(column.name) ? [column, ...comparisonColumns(column)] : [column]));
}

function comparisonColumns(column: ColumnDefinition): ColumnDefinition[] {
  const { name } = column;
  return [
    { ...column, name: `previous_${name}`, description: `${name} in the previous period of the same length` },
    {
      name: `${name}_change_ratio`,
      type: 'ratio',
      unit: null,
      description: `(${name} - previous_${name}) / previous_${name}; null when there was none before`,
    },
  ];
}
