import type { ColumnDefinition, TableReport } from '../definition.js';

/** Words `sort_by` takes: the columns as the answer names them, and an amount also without its notation. */
export function sortNames(definition: TableReport): string[] {
  return definition.sortable.flatMap((name) =>
    columnNamed(definition.columns, name).type === 'money' ? [name, `${name}_usd`, `${name}_microdollars`] : [name],
  );
}

/** The column a word of `sort_by` names, among the columns of this answer. */
export function sortColumn(definition: TableReport, columns: readonly ColumnDefinition[], word: string): ColumnDefinition {
  const name = definition.sortable.find((each) => each === word || `${each}_usd` === word || `${each}_microdollars` === word);
  return columnNamed(columns, name ?? word);
}

function columnNamed(columns: readonly ColumnDefinition[], name: string): ColumnDefinition {
  const column = columns.find((each) => each.name === name);
  if (column === undefined) throw new TypeError(`the report has no column ${name}`);
  return column;
}
