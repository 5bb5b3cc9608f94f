import { createHash, randomBytes } from 'node:crypto';
import { AnalyticsError } from '@systemprompt-analytics/core';
import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { RefreshedRows } from './refreshed-rows.js';

/**
 * What a key may do. `write` sends only and may be seen by anyone, as in a browser; `secret` sends for others and
 * back-fills; `read` reads reports; `admin` does everything, in every project.
 */
export const KEY_KINDS = ['write', 'secret', 'read', 'admin'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/** A key as people see it; its text is not kept anywhere. */
export interface ApiKey {
  readonly key_id: string;
  readonly project_id: string;
  readonly kind: KeyKind;
  readonly name: string;
  /** The first characters of the text, to tell keys apart. */
  readonly prefix: string;
  /** ISO 8601. */
  readonly created_at: string;
  readonly revoked_at: string | null;
}

interface StoredKey extends ApiKey {
  readonly key_hash: string;
}

const NAME_LENGTH_MAX = 256;
/** 32 bytes: guessing is hopeless, therefore a plain hash does; key stretching is for passwords people choose. */
const SECRET_BYTES = 32;
const PREFIX_LENGTH = 14;

/** The keys of an installation. */
export class KeyRepository {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #byHash: RefreshedRows<StoredKey>;

  constructor(store: Store, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
    this.#byHash = new RefreshedRows(
      () => this.#read(),
      (key) => key.key_hash,
      clock,
    );
  }

  /** The keys, of one project or of all, oldest first. */
  async list(projectId?: string): Promise<ApiKey[]> {
    const keys = await this.#read();
    return keys.filter((key) => projectId === undefined || key.project_id === projectId).map(withoutHash);
  }

  /** The key with this text, unless it is unknown or revoked. */
  async authenticate(text: string): Promise<ApiKey | undefined> {
    const key = await this.#byHash.find(hashOf(text));
    return key === undefined || key.revoked_at !== null ? undefined : withoutHash(key);
  }

  /**
   * Makes a key. Its text is in the answer and nowhere else.
   *
   * @throws AnalyticsError `invalid_parameter`
   */
  async create(projectId: string, kind: KeyKind, name = ''): Promise<{ readonly key: ApiKey; readonly text: string }> {
    if (name.length > NAME_LENGTH_MAX) {
      throw new AnalyticsError('invalid_parameter', `name has ${name.length} characters; at most ${NAME_LENGTH_MAX} are allowed.`, {
        path: 'name',
      });
    }
    const nowMs = this.#clock();
    const text = `sa_${kind}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
    const key: ApiKey = {
      key_id: `key_${randomBytes(9).toString('base64url')}`,
      project_id: projectId,
      kind,
      name,
      prefix: text.slice(0, PREFIX_LENGTH),
      created_at: new Date(nowMs).toISOString(),
      revoked_at: null,
    };
    await this.#store.insert('api_keys', [{ ...key, key_hash: hashOf(text), version: nowMs }]);
    await this.#byHash.reload();
    return { key, text };
  }

  /** @throws AnalyticsError `unknown_key` */
  async revoke(keyId: string): Promise<ApiKey> {
    const stored = (await this.#read()).find((key) => key.key_id === keyId);
    if (stored === undefined)
      throw new AnalyticsError('unknown_key', `There is no key ${JSON.stringify(keyId.slice(0, 80))}.`, { path: 'key_id' });
    if (stored.revoked_at !== null) return withoutHash(stored);
    const nowMs = this.#clock();
    const revoked: StoredKey = { ...stored, revoked_at: new Date(nowMs).toISOString() };
    // The version grows even where the key was made in the same millisecond.
    await this.#store.command(
      render(sql`INSERT INTO api_keys SELECT key_id, project_id, kind, name, prefix, key_hash, created_at, ${bind.timeMs(nowMs)}, version + 1
        FROM api_keys FINAL WHERE key_id = ${bind.string(keyId)}`),
    );
    await this.#byHash.reload();
    return withoutHash(revoked);
  }

  #read(): Promise<StoredKey[]> {
    return this.#store.query(
      render(
        sql`SELECT key_id, project_id, kind, name, prefix, created_at, revoked_at, key_hash FROM api_keys FINAL ORDER BY created_at, key_id`,
      ),
    );
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function withoutHash(stored: StoredKey): ApiKey {
  const { key_hash: _, ...key } = stored;
  return key;
}
