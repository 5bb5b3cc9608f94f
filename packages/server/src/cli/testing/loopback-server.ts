import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A request as it arrived, its body decompressed. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a test server answers; `hangUp` breaks the connection instead. */
export interface TestAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly hangUp?: boolean;
}

export interface LoopbackServer {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  readonly close: () => Promise<void>;
}

/** Starts a real HTTP server on a free loopback port that answers as the test says. */
export async function startLoopbackServer(answer: (request: ReceivedRequest) => TestAnswer): Promise<LoopbackServer> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const body = (incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
      const request = { method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers, body };
      requests.push(request);
      const { status = 200, headers = {}, body: content, hangUp = false } = answer(request);
      if (hangUp) {
        incoming.socket.destroy();
        return;
      }
      outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
      outgoing.end(typeof content === 'string' ? content : JSON.stringify(content ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** An address where nothing listens: a port that was free a moment ago. */
export async function unusedUrl(): Promise<string> {
  const server = await startLoopbackServer(() => ({}));
  await server.close();
  return server.url;
}
