import { createRequire } from 'node:module';

/** Path of a file of a package that may be missing; undefined when it is not installed. */
export function findInstalledFile(specifier: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(specifier);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
