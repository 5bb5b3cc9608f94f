import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AnalyticsError } from '@systemprompt-analytics/core';
import { type CliEnvironment, SERVER_FILE } from '../configuration.js';
import { ApiClient, isRecord, type ServerAddress, ServerProblem, textField } from './api-client.js';

/** Where a server listens that was started without settings. */
export const DEFAULT_SERVER_URL = 'http://127.0.0.1:4318';

/** What the command line says about the server. */
export interface ServerFlags {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly data?: string | undefined;
}

/** A server to talk to. */
export interface FoundServer {
  readonly address: ServerAddress;
  /** What the reader should know, such as a stale file. */
  readonly warnings: readonly string[];
}

/** A local server answers within milliseconds; one that is starting may take a moment. */
const PROBE_MS_MAX = 3000;

/**
 * Finds the server: a named address, else the data folder's `server.json`, else the default address. Flags win over the
 * environment as a whole: with `--data` an address and a key in the environment belong to another server.
 *
 * @throws AnalyticsError `server_unreachable`
 */
export async function findServer(flags: ServerFlags, environment: CliEnvironment, defaultUrl = DEFAULT_SERVER_URL): Promise<FoundServer> {
  const settings: CliEnvironment = flags.data === undefined ? environment : { dataFolder: resolve(flags.data) };
  const url = flags.url ?? settings.url;
  const key = flags.key ?? settings.key;
  const file = await readServerFile(join(settings.dataFolder, SERVER_FILE));
  if (url !== undefined) return { address: { url: checkUrl(url), key: key ?? tokenFor(url, file.address) }, warnings: [] };

  const warnings = [...file.warnings];
  if (file.address !== undefined) {
    if (await answers(file.address.url)) return { address: { url: file.address.url, key: key ?? file.address.key }, warnings };
    warnings.push(`${file.path} is stale: it names ${file.address.url}, where no server answers. Trying ${defaultUrl}.`);
  }
  if (await answers(defaultUrl)) return { address: { url: defaultUrl, key }, warnings };
  const tried =
    file.address === undefined ? `There is no usable ${file.path}` : `${file.path} is stale (nothing answers at ${file.address.url})`;
  throw new AnalyticsError('server_unreachable', `${tried}, and no systemprompt-analytics server answers at ${defaultUrl}.`);
}

interface ServerFile {
  readonly path: string;
  readonly address: ServerAddress | undefined;
  readonly warnings: readonly string[];
}

async function readServerFile(path: string): Promise<ServerFile> {
  try {
    const content: unknown = JSON.parse(await readFile(path, 'utf8'));
    const url = isRecord(content) ? textField(content, 'url') : '';
    const token = isRecord(content) ? textField(content, 'token') : '';
    if (!URL.canParse(url)) return { path, address: undefined, warnings: [`${path} names no server address and is not used.`] };
    return { path, address: { url, key: token === '' ? undefined : token }, warnings: [] };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no JSON';
    return { path, address: undefined, warnings: code === 'ENOENT' || code === 'ENOTDIR' ? [] : [`${path} cannot be read (${code}).`] };
  }
}

/** The local server's own token is offered to that server only, never to another address. */
function tokenFor(url: string, known: ServerAddress | undefined): string | undefined {
  return known !== undefined && new URL(url).origin === new URL(known.url).origin ? known.key : undefined;
}

function checkUrl(url: string): string {
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return url;
  throw new AnalyticsError(
    'invalid_parameter',
    `The server's address ${JSON.stringify(url)} is not an http(s) address such as ${DEFAULT_SERVER_URL}.`,
  );
}

/**
 * Does this product answer there? Asked without a key: the default port is OpenTelemetry's, so a collector may listen
 * there, and a key must not be shown to it.
 */
async function answers(url: string): Promise<boolean> {
  try {
    return isRecord(
      await new ApiClient({ url, key: undefined }).requestJson({ path: '/healthz', signal: AbortSignal.timeout(PROBE_MS_MAX) }),
    );
  } catch (error) {
    // A server whose store is down says so with 503, and can still explain itself.
    return error instanceof ServerProblem && error.status === 503;
  }
}
