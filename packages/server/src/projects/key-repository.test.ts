import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../store/sql.js';
import { HOSTILE_TEXTS } from '../store/testing/hostile-texts.js';
import { openTestProduct, type TestProduct } from '../testing/test-product.js';
import { KEY_KINDS, KeyRepository } from './key-repository.js';

describe('keys', () => {
  let test: TestProduct;
  let nowMs = Date.UTC(2026, 9, 1);
  const keys = (): KeyRepository => test.product.keys;

  beforeAll(async () => {
    test = await openTestProduct({ clock: () => nowMs });
    await test.product.projects.create('shop');
  });
  afterAll(() => test.close());

  it.each(KEY_KINDS)('of the kind %s are made and known by their text', async (kind) => {
    const { key, text } = await keys().create('shop', kind, 'for the test');
    expect(key).toEqual({
      key_id: expect.stringMatching(/^key_[\w-]{12}$/),
      project_id: 'shop',
      kind,
      name: 'for the test',
      prefix: text.slice(0, 14),
      created_at: new Date(nowMs).toISOString(),
      revoked_at: null,
    });
    // 32 random bytes.
    expect(text).toMatch(new RegExp(`^sa_${kind}_[\\w-]{43}$`));
    expect(await keys().authenticate(text)).toEqual(key);
  });

  it('are never the same twice', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => keys().create('shop', 'read')));
    expect(new Set(made.map(({ text }) => text)).size).toBe(20);
    expect(new Set(made.map(({ key }) => key.key_id)).size).toBe(20);
    for (const { key, text } of made) expect(await keys().authenticate(text)).toEqual(key);
  });

  it('are kept as a hash: the text is in no column and in no answer', async () => {
    const { key, text } = await keys().create('default', 'admin', 'secret');
    const secret = text.slice('sa_admin_'.length);
    const rows = JSON.stringify(await test.product.store.query(statement('SELECT * FROM api_keys')));
    expect(rows).toContain(key.key_id);
    expect(rows).not.toContain(secret);
    expect(rows).not.toContain(secret.slice(6));
    const listed = JSON.stringify(await keys().list());
    expect(listed).toContain(key.key_id);
    expect(listed).not.toContain('key_hash');
    expect(JSON.stringify(await keys().authenticate(text))).not.toContain('key_hash');
  });

  it('are listed of one project or of all, oldest first', async () => {
    nowMs += 1000;
    const { key } = await keys().create('default', 'write', 'latest');
    const all = await keys().list();
    expect(all.at(-1)).toEqual(key);
    expect(new Set(all.map(({ project_id }) => project_id))).toEqual(new Set(['default', 'shop']));
    expect(new Set((await keys().list('shop')).map(({ project_id }) => project_id))).toEqual(new Set(['shop']));
    expect(await keys().list('none')).toEqual([]);
  });

  it.each(['', 'sa_write_', 'x', 'x'.repeat(100_000), ...HOSTILE_TEXTS])('are not guessed by %j', async (text) => {
    expect(await keys().authenticate(text)).toBeUndefined();
  });

  it('are not known by their id, their prefix or their hash', async () => {
    const { key, text } = await keys().create('default', 'admin');
    const [row] = await test.product.store.query<{ key_hash: string }>({
      text: 'SELECT key_hash FROM api_keys WHERE key_id = {p0:String}',
      binds: { p0: key.key_id },
    });
    for (const guess of [key.key_id, key.prefix, row?.key_hash ?? '', `${text} `, text.toUpperCase(), text.slice(0, -1)]) {
      expect(await keys().authenticate(guess)).toBeUndefined();
    }
  });

  it('are revoked at once, also when made in the same millisecond, and stay revoked', async () => {
    const { key, text } = await keys().create('shop', 'secret');
    const revoked = await keys().revoke(key.key_id);
    expect(revoked).toEqual({ ...key, revoked_at: new Date(nowMs).toISOString() });
    expect(await keys().authenticate(text)).toBeUndefined();
    expect((await keys().list('shop')).find((each) => each.key_id === key.key_id)).toEqual(revoked);
    await test.restart();
    expect(await keys().authenticate(text)).toBeUndefined();
    nowMs += 60_000;
    expect(await keys().revoke(key.key_id)).toEqual(revoked);
  });

  it('leave the others alone when one is revoked', async () => {
    const kept = await keys().create('shop', 'read');
    const gone = await keys().create('shop', 'read');
    await keys().revoke(gone.key.key_id);
    expect(await keys().authenticate(kept.text)).toEqual(kept.key);
  });

  it.each(['', 'key_unknown', ...HOSTILE_TEXTS, 'x'.repeat(100_000)])('that are unknown, such as %j, cannot be revoked', async (keyId) => {
    const failure: unknown = await keys()
      .revoke(keyId)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'unknown_key', path: 'key_id' });
    expect(String(failure).length).toBeLessThan(250);
  });

  it('refuses a name beyond 256 characters', async () => {
    await expect(keys().create('shop', 'read', 'n'.repeat(257))).rejects.toMatchObject({ code: 'invalid_parameter', path: 'name' });
  });

  it('keeps any name', async () => {
    const made = [];
    for (const name of HOSTILE_TEXTS) made.push((await keys().create('shop', 'read', name)).key);
    const listed = await keys().list('shop');
    for (const key of made) expect(listed).toContainEqual(key);
  });

  it('made or revoked on another node are seen within seconds', async () => {
    const elsewhere = new KeyRepository(test.product.store, () => nowMs);
    await keys().authenticate('a reading starts the clock');
    const { key, text } = await elsewhere.create('shop', 'write');
    nowMs += 2001;
    expect(await keys().authenticate(text)).toEqual(key);
    await elsewhere.revoke(key.key_id);
    nowMs += 30_001;
    expect(await keys().authenticate(text)).toBeUndefined();
  });
});
