import { AnalyticsError, reasonOf } from '@systemprompt-analytics/core';

/**
 * Does what opens or writes a file that the command line names, and says which it is when that fails.
 *
 * @throws AnalyticsError `invalid_parameter`
 */
export async function withFile<Result>(file: string, failed: 'read' | 'written', work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw new AnalyticsError('invalid_parameter', `${file} cannot be ${failed}: ${reasonOf(cause)}.`, { cause });
  }
}
