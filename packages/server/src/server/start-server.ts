import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { AnalyticsError, DEFAULT_PROJECT_ID } from '@systemprompt-analytics/core';
import { pino } from 'pino';
import { SERVER_FILE, type ServerConfiguration } from '../configuration.js';
import { createHttpServer } from '../http/http-server.js';
import { openProduct, type Product, type ProductOptions } from '../product.js';
import { SYSTEM_TIMER } from '../timer.js';

/** A server that takes requests. */
export interface RunningServer {
  /** Where it listens, such as `http://127.0.0.1:4318`. */
  readonly url: string;
  readonly product: Product;
  /** The key that a first start made for browsers and SDKs, unless it was revoked since. */
  readonly defaultWriteKey: string | undefined;
  /** Answers what is under way, stores it, and closes everything. */
  close(): Promise<void>;
}

const DEFAULT_WRITE_KEY_FILE = 'default-write-key';

/**
 * Opens the product and listens.
 *
 * @throws AnalyticsError `folder_in_use`, `store_unavailable`, or `invalid_configuration` when the address is taken
 */
export async function startServer(configuration: ServerConfiguration, options: ProductOptions = {}): Promise<RunningServer> {
  mkdirSync(configuration.dataFolder, { recursive: true, mode: 0o700 });
  const logger = pino({ level: configuration.logLevel, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  const product = await openProduct(configuration, {
    timer: SYSTEM_TIMER,
    onFailure: (error) => logger.error({ err: error }, 'Moving events into their tables failed; it is repeated.'),
    ...options,
  });
  const localAdminToken = `sa_local_${randomBytes(32).toString('base64url')}`;
  const http = createHttpServer(product, { localAdminToken, logger });
  try {
    await listen(http, configuration);
    const url = urlOf(http.server.address() as AddressInfo);
    const serverFile = join(configuration.dataFolder, SERVER_FILE);
    writePrivate(serverFile, JSON.stringify({ url, token: localAdminToken, pid: process.pid }));
    const defaultWriteKey = await ensureDefaultWriteKey(product);
    return {
      url,
      product,
      defaultWriteKey,
      close: async () => {
        rmSync(serverFile, { force: true });
        await http.close();
        await product.close();
      },
    };
  } catch (error) {
    await http.close();
    await product.close();
    throw error;
  }
}

async function listen(http: ReturnType<typeof createHttpServer>, { host, port }: ServerConfiguration): Promise<void> {
  try {
    await http.listen({ host, port });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const reason = code === 'EADDRINUSE' ? 'another program listens there' : code;
    throw new AnalyticsError(
      'invalid_configuration',
      `Cannot listen on ${host} port ${port}: ${reason}. Choose another port with --port, or stop the other program.`,
      { cause },
    );
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  // A wildcard address is one that this machine reaches as itself.
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}

/**
 * The first start makes a write key so that there is something to copy. Its text is kept in the data folder, readable by
 * the owner, because the store keeps only its hash. A key that was revoked is not made again.
 */
async function ensureDefaultWriteKey(product: Product): Promise<string | undefined> {
  const file = join(product.configuration.dataFolder, DEFAULT_WRITE_KEY_FILE);
  const kept = readIfThere(file);
  if (kept !== undefined) return (await product.keys.authenticate(kept)) === undefined ? undefined : kept;
  if ((await product.keys.list(DEFAULT_PROJECT_ID)).length > 0) return undefined;
  const { text } = await product.keys.create(DEFAULT_PROJECT_ID, 'write', 'made by the first start');
  writePrivate(file, text);
  return text;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Written whole or not at all, and never readable by others, not even for a moment. */
function writePrivate(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${text}\n`, { mode: 0o600 });
  renameSync(draft, file);
}
