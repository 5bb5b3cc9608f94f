import { once } from 'node:events';
import { type IncomingHttpHeaders, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import type { Product } from '../../product.js';
import type { KeyKind } from '../../projects/key-repository.js';
import { openTestProduct, type TestProductOptions } from '../../testing/test-product.js';
import { createHttpServer } from '../http-server.js';

/** One request as a client makes it. */
export interface TestRequest {
  /** @default GET, with a body POST */
  readonly method?: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as the text of a key. */
  readonly key?: string | undefined;
  /** What is neither text nor bytes is sent as JSON. */
  readonly body?: unknown;
  /** Address of the client. @default 127.0.0.1 */
  readonly from?: string;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** The body as a JSON object. */
  json(): Record<string, unknown>;
}

export interface TestServer {
  readonly product: Product;
  readonly http: FastifyInstance;
  /** Opens everything, as the CLI beside the server does. */
  readonly adminToken: string;
  /** Lines of the log. */
  readonly log: readonly string[];
  /** Sends a request in the process: no socket, any client address. */
  send(request: TestRequest): Promise<TestAnswer>;
  /** Sends a request over a socket, the parts of its body as chunks. */
  sendChunked(request: TestRequest, parts: readonly Buffer[]): Promise<TestAnswer>;
  /** Makes a key and gives its text. */
  makeKey(kind: KeyKind, projectId?: string): Promise<string>;
  close(): Promise<void>;
}

/** The whole server on a product of its own. */
export async function openTestServer(options: TestProductOptions = {}): Promise<TestServer> {
  const test = await openTestProduct(options);
  const { product } = test;
  const adminToken = 'sa_local_of_the_test';
  const log: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => log.push(line) });
  const http = createHttpServer(product, { localAdminToken: adminToken, logger });
  await http.listen({ host: '127.0.0.1', port: 0 });
  const { port } = http.server.address() as AddressInfo;
  return {
    product,
    http,
    adminToken,
    log,
    send: async (request) => {
      const payload = bytesOf(request.body);
      const answer = await http.inject({
        method: methodOf(request),
        url: request.path,
        headers: headersOf(request),
        remoteAddress: request.from ?? '127.0.0.1',
        ...(payload === undefined ? {} : { payload }),
      });
      return answerOf(answer.statusCode, answer.headers as IncomingHttpHeaders, answer.rawPayload);
    },
    sendChunked: async (request, parts) => {
      const sent = sendRequest({ host: '127.0.0.1', port, method: methodOf(request), path: request.path, headers: headersOf(request) });
      // The server may answer and hang up before it has read everything.
      sent.on('error', () => undefined);
      const answered = once(sent, 'response');
      for (const part of parts) sent.write(part);
      sent.end();
      const [response] = (await answered) as [AsyncIterable<Buffer> & { statusCode: number; headers: IncomingHttpHeaders }];
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      return answerOf(response.statusCode, response.headers, Buffer.concat(chunks));
    },
    makeKey: async (kind, projectId = 'default') => (await product.keys.create(projectId, kind)).text,
    close: async () => {
      await http.close();
      await test.close();
    },
  };
}

function methodOf({ method, body }: TestRequest): 'GET' | 'POST' {
  // The kinds of inject are a closed list; any method is sent as it is.
  return (method ?? (body === undefined ? 'GET' : 'POST')) as 'GET' | 'POST';
}

function headersOf({ headers, key, body }: TestRequest): Record<string, string> {
  return {
    host: 'localhost:4318',
    ...(body !== undefined && bytesOf(body) !== body ? { 'content-type': 'application/json' } : {}),
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...headers,
  };
}

function bytesOf(body: unknown): Buffer | string | undefined {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return body;
  return JSON.stringify(body);
}

function answerOf(status: number, headers: IncomingHttpHeaders, body: Buffer): TestAnswer {
  const text = body.toString('utf8');
  return { status, headers, body, text, json: () => JSON.parse(text) as Record<string, unknown> };
}
