import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findServer } from './find-server.js';
import { type LoopbackServer, startLoopbackServer, unusedUrl } from './testing/loopback-server.js';

const HEALTH = { status: 'ok', version: '0.1.0' };

describe('findServer', () => {
  let server: LoopbackServer;
  let dataFolder: string;
  let nowhere: string;

  beforeEach(async () => {
    server = await startLoopbackServer(() => ({ body: HEALTH }));
    dataFolder = await mkdtemp(join(tmpdir(), 'find-server-'));
    nowhere = await unusedUrl();
  });
  afterEach(async () => {
    await server.close();
    await rm(dataFolder, { recursive: true });
  });
  const writeServerFile = (content: unknown) =>
    writeFile(join(dataFolder, 'server.json'), typeof content === 'string' ? content : JSON.stringify(content));

  it('takes a named address and key without asking', async () => {
    const found = await findServer({ url: nowhere, key: 'k' }, { url: server.url, key: 'other', dataFolder }, nowhere);
    expect(found).toEqual({ address: { url: nowhere, key: 'k' }, warnings: [] });
    expect(server.requests).toHaveLength(0);
  });

  it('takes the address and key of the environment', async () => {
    const found = await findServer({}, { url: nowhere, key: 'k', dataFolder }, server.url);
    expect(found.address).toEqual({ url: nowhere, key: 'k' });
  });

  it('takes the running server of the data folder with its token, asking it without the token', async () => {
    await writeServerFile({ url: server.url, token: 't', pid: 1 });
    expect((await findServer({}, { dataFolder }, nowhere)).address).toEqual({ url: server.url, key: 't' });
    expect(server.requests.map((request) => [request.url, request.headers.authorization])).toEqual([['/healthz', undefined]]);
  });

  it('lets a given key win over the token, and --data over the environment as a whole', async () => {
    await writeServerFile({ url: server.url, token: 't' });
    expect((await findServer({ key: 'k' }, { dataFolder }, nowhere)).address.key).toBe('k');
    const found = await findServer({ data: dataFolder }, { url: nowhere, key: 'elsewhere', dataFolder: '/nonexistent' }, nowhere);
    expect(found.address).toEqual({ url: server.url, key: 't' });
  });

  it('offers the token to its own server only', async () => {
    await writeServerFile({ url: server.url, token: 't' });
    expect((await findServer({ url: `${server.url}/` }, { dataFolder }, nowhere)).address.key).toBe('t');
    expect((await findServer({ url: nowhere }, { dataFolder }, nowhere)).address.key).toBeUndefined();
  });

  it('says that a file is stale and tries the default address, without the token', async () => {
    await writeServerFile({ url: nowhere, token: 't' });
    const found = await findServer({}, { dataFolder }, server.url);
    expect(found.address).toEqual({ url: server.url, key: undefined });
    expect(found.warnings).toEqual([
      `${join(dataFolder, 'server.json')} is stale: it names ${nowhere}, where no server answers. Trying ${server.url}.`,
    ]);
  });

  it.each([['{'], [{ token: 't' }], [{ url: 'nowhere' }], [[]]])('says that %j is of no use', async (content) => {
    await writeServerFile(content);
    const found = await findServer({}, { dataFolder }, server.url);
    expect(found.address.url).toBe(server.url);
    expect(found.warnings).toHaveLength(1);
  });

  it('finds a server whose store is down', async () => {
    const down = await startLoopbackServer(() => ({ status: 503, body: { title: 'down' } }));
    await expect(findServer({}, { dataFolder }, down.url)).resolves.toMatchObject({ address: { url: down.url } });
    await down.close();
  });

  it('is not misled by another program on the default port', async () => {
    const collector = await startLoopbackServer(() => ({
      status: 404,
      headers: { 'content-type': 'text/plain' },
      body: '404 page not found',
    }));
    await expect(findServer({}, { dataFolder }, collector.url)).rejects.toMatchObject({ code: 'server_unreachable' });
    await collector.close();
  });

  it('says what it tried when nothing answers', async () => {
    await expect(findServer({}, { dataFolder }, nowhere)).rejects.toThrow(
      `There is no usable ${join(dataFolder, 'server.json')}, and no systemprompt-analytics server answers at ${nowhere}.`,
    );
    await writeServerFile({ url: nowhere, token: 't' });
    await expect(findServer({}, { dataFolder }, nowhere)).rejects.toThrow(/is stale/);
  });

  it.each(['localhost:4318', 'ftp://host', ''])('refuses the address %j', async (url) => {
    await expect(findServer({ url }, { dataFolder }, nowhere)).rejects.toMatchObject({ code: 'invalid_parameter' });
  });
});
