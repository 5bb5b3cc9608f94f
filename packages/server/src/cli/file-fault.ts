import { AnalyticsError, reasonOf } from '@systemprompt-analytics/core';

/** The failure for a file that the command line names and that cannot be used. */
export function fileFault(file: string, failed: 'read' | 'written', cause: unknown): AnalyticsError {
  return new AnalyticsError('invalid_parameter', `${file} cannot be ${failed}: ${reasonOf(cause)}.`, { cause });
}

/** Does what opens or writes a file that the command line names. @throws AnalyticsError `invalid_parameter` */
export async function withFile<Result>(file: string, failed: 'read' | 'written', work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw fileFault(file, failed, cause);
  }
}
