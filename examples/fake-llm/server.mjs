// A fake LLM endpoint on loopback: answers like OpenAI and Anthropic, with fixed usage, and calls nobody.
//
//   node examples/fake-llm/server.mjs [--port 4399]
//
// Usage that every answer reports (so that the cost of a call is known beforehand):
//   OpenAI chat and Responses, answer with a tool call  input 2048 (1536 cached), output 83 (64 reasoning)
//   OpenAI chat and Responses, any other answer         input 2116 (1920 cached), output 21 (0 reasoning)
//   OpenAI embeddings                                   input 7
//   Anthropic messages                                  input 12 + 5000 cache read + 1000 cache write
//                                                       (600 for 5 minutes, 400 for 1 hour), output 42
// A tool is called when the request offers tools and holds no tool result yet. `claude-overloaded` answers 529.
import { realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { anthropicMessage } from './anthropic.mjs';
import { chatCompletion, embeddings, responses } from './openai.mjs';

const ROUTES = {
  '/v1/chat/completions': chatCompletion,
  '/v1/responses': responses,
  '/v1/embeddings': embeddings,
  '/v1/messages': anthropicMessage,
};

/** Starts the endpoint on loopback; port 0 takes a free one. OpenAI's base URL is `${url}/v1`, Anthropic's is `url`. */
export async function startFakeLlm({ port = 0 } = {}) {
  const server = createServer(async (request, response) => {
    const send = {
      json: (body, status = 200, headers = {}) =>
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body)),
      event: (data, name) => {
        if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(data)}\n\n`);
      },
      end: (text) => response.end(text),
    };
    const fail = (status, message) => send.json({ type: 'error', error: { type: 'invalid_request_error', message } }, status);
    try {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const handle = request.method === 'POST' && ROUTES[new URL(request.url, 'http://fake').pathname];
      if (!handle) fail(404, `${request.method} ${request.url} is not served by the fake.`);
      else handle(JSON.parse(Buffer.concat(chunks).toString()), send);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else fail(400, error.message);
    }
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '4399' } } });
  const { url } = await startFakeLlm({ port: Number(values.port) });
  console.log(`Fake LLM on ${url} (OPENAI_BASE_URL=${url}/v1, ANTHROPIC_BASE_URL=${url})`);
}
