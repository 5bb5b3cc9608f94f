import { AnalyticsError, reasonOf } from '@systemprompt-analytics/core';

/**
 * The text fields of a JSON body. A field that is null counts as absent.
 *
 * @param known the only names allowed
 * @throws AnalyticsError `invalid_json`, `unknown_field`, `invalid_type` or `invalid_value`
 */
export function readTextFields(body: Buffer, known: readonly string[]): Record<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new AnalyticsError('invalid_json', `The body is not JSON: ${reasonOf(cause)}.`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AnalyticsError('invalid_json', 'The body is not a JSON object.');
  const fields: Record<string, string> = {};
  for (const [name, field] of Object.entries(value)) {
    if (!known.includes(name)) {
      throw new AnalyticsError(
        'unknown_field',
        `${JSON.stringify(name.slice(0, 80))} is not a field here; there are ${known.join(', ')}.`,
        { path: name },
      );
    }
    if (field === null) continue;
    if (typeof field !== 'string') throw new AnalyticsError('invalid_type', `${name} is a string.`, { path: name });
    if (!field.isWellFormed()) {
      throw new AnalyticsError('invalid_value', `${name} holds half of a surrogate pair, which is not Unicode text.`, { path: name });
    }
    fields[name] = field;
  }
  return fields;
}

/**
 * A field that has to be there.
 *
 * @throws AnalyticsError `missing_field`
 */
export function requiredField(fields: Readonly<Record<string, string>>, name: string): string {
  const value = fields[name];
  if (value === undefined || value === '') throw new AnalyticsError('missing_field', `${name} is needed.`, { path: name });
  return value;
}
