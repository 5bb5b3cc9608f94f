import { readFileSync } from 'node:fs';

/** The version of the installed package, which lies one folder above both the sources and the build. */
export function readProductVersion(): string {
  const content = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return content.version;
}
