import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OTLP_TYPES } from '../ingest/otlp/otlp-schema.js';
import { statement } from '../store/sql.js';
import { HOSTILE_TEXTS } from '../store/testing/hostile-texts.js';
import { openTestServer, type TestAnswer, type TestServer } from './testing/test-server.js';

// Events wait in a journal for their tables. A value that the engine refuses would stop all that stand behind it:
// whatever is accepted of an export must therefore be storable, and everything else be a fault of the sender.

const NOW_MS = Date.parse('2026-11-24T00:00:00Z');
let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({ nowMs: NOW_MS });
});
afterAll(() => server.close());

const post = (type: string, body: Buffer | string): Promise<TestAnswer> =>
  server.send({ path: '/v1/traces', method: 'POST', body, headers: { 'content-type': type } });
const expectStored = async (answer: TestAnswer): Promise<void> => {
  expect(answer.status, answer.text).toBeLessThan(500);
  await expect(server.product.mover.move()).resolves.toBeUndefined();
};

const KEYS = [
  'gen_ai.operation.name',
  'gen_ai.provider.name',
  'gen_ai.system',
  'gen_ai.request.model',
  'gen_ai.response.model',
  'gen_ai.response.id',
  'gen_ai.usage.input_tokens',
  'gen_ai.usage.output_tokens',
  'gen_ai.usage.cache_read.input_tokens',
  'gen_ai.response.finish_reasons',
  'gen_ai.agent.name',
  'gen_ai.conversation.id',
  'gen_ai.tool.name',
  'gen_ai.tool.call.id',
  'session.id',
  'user.id',
  'error.type',
  'llm.model_name',
  'llm.token_count.prompt',
  'openinference.span.kind',
  'ai.model.id',
  'ai.usage.promptTokens',
  '__proto__',
  'constructor',
  "it's",
  '',
] as const;
const text = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS, 'chat', 'execute_tool', 'invoke_agent', '\ud800', 'x'.repeat(5000)), fc.string());
const value = fc.oneof(
  text.map((stringValue) => ({ stringValue })),
  fc.oneof(fc.integer(), fc.constantFrom('9223372036854775807', '-9223372036854775808', 'x')).map((intValue) => ({ intValue })),
  fc.oneof(fc.double(), fc.constantFrom('NaN', 'Infinity', '-Infinity', 1e308, -0)).map((doubleValue) => ({ doubleValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
  fc.array(text.map((stringValue) => ({ stringValue }))).map((values) => ({ arrayValue: { values } })),
  fc.dictionary(fc.string(), fc.string()).map((entries) => ({
    kvlistValue: { values: Object.entries(entries).map(([key, stringValue]) => ({ key, value: { stringValue } })) },
  })),
  fc.constant({ bytesValue: 'AAEC' }),
  fc.constant({}),
);
const attributes = fc.array(fc.record({ key: fc.constantFrom(...KEYS), value }), { maxLength: 12 });
const wildTime = fc.constantFrom(`${NOW_MS - 1}999999`, '0', '1', '18446744073709551615', '-1', 'x', 1.5e18);
const wildId = fc.constantFrom('', '0'.repeat(16), '0'.repeat(32), 'xyz');
const wildSpan = fc.record(
  {
    traceId: wildId,
    spanId: wildId,
    parentSpanId: wildId,
    name: text,
    kind: fc.integer(),
    startTimeUnixNano: wildTime,
    endTimeUnixNano: wildTime,
    attributes,
  },
  { requiredKeys: ['attributes'] },
);
/** A span that is valid but for one attribute, which may be what is refused. */
const nearlyValidSpan = fc
  .record({
    traceId: fc.stringMatching(/^[0-9a-f]{31}1$/),
    spanId: fc.stringMatching(/^[0-9a-f]{15}1$/),
    operation: fc.constantFrom('chat', 'execute_tool', 'invoke_agent', 'embeddings'),
    key: fc.constantFrom(...KEYS),
    value,
    more: fc.record({ parentSpanId: fc.stringMatching(/^[0-9a-f]{16}$/), name: text, startTimeUnixNano: wildTime }, { requiredKeys: [] }),
  })
  .map(({ traceId, spanId, operation, key, value: hostile, more }) => ({
    traceId,
    spanId,
    name: operation,
    startTimeUnixNano: `${NOW_MS}000000`,
    endTimeUnixNano: `${NOW_MS + 5}000000`,
    ...more,
    attributes: [
      ...[
        ['gen_ai.operation.name', operation],
        ['gen_ai.provider.name', 'openai'],
        ['gen_ai.request.model', 'gpt-4.1-mini'],
        ['gen_ai.tool.name', 'search'],
        ['gen_ai.agent.name', 'planner'],
      ]
        .filter(([known]) => known !== key)
        .map(([known, stringValue]) => ({ key: known, value: { stringValue } })),
      { key, value: hostile },
    ],
  }));
const span = fc.oneof(wildSpan, { arbitrary: nearlyValidSpan, weight: 4 });

it('whatever is taken of an export as JSON can be stored', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(span, { minLength: 1, maxLength: 20 }), attributes, async (spans, resource) => {
      const request = { resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ scope: { name: 'any' }, spans }] }] };
      await expectStored(await post('application/json', JSON.stringify(request)));
    }),
    { numRuns: 60 },
  );
});

it('any JSON at all is answered', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.json(),
        fc.jsonValue().map((resourceSpans) => JSON.stringify({ resourceSpans })),
      ),
      async (body) => {
        await expectStored(await post('application/json', body));
      },
    ),
    { numRuns: 200 },
  );
});

it('a valid export as protobuf with any byte changed is answered', async () => {
  const model = { key: 'gen_ai.request.model', value: { stringValue: 'gpt-4.1-mini' } };
  const valid = OTLP_TYPES.traceRequest.fromObject({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: Buffer.alloc(16, 1).toString('base64'),
                spanId: Buffer.alloc(8, 1).toString('base64'),
                name: 'chat',
                startTimeUnixNano: `${NOW_MS}000000`,
                endTimeUnixNano: `${NOW_MS}000000`,
                attributes: [model, { key: 'gen_ai.usage.input_tokens', value: { intValue: '5' } }],
              },
            ],
          },
        ],
      },
    ],
  });
  const bytes = Buffer.from(OTLP_TYPES.traceRequest.encode(valid).finish());
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), fc.nat(bytes.length), async (changes, length) => {
      const changed = Buffer.from(bytes);
      for (const [at, byte] of changes) changed[at] = byte;
      await expectStored(await post('application/x-protobuf', changed));
      await expectStored(await post('application/x-protobuf', changed.subarray(0, length)));
    }),
    { numRuns: 300 },
  );
});

it('and much of it was taken', async () => {
  const tables = ['ai_requests', 'mcp_tool_executions', 'agent_task_states', 'spans'];
  for (const table of tables) {
    const rows = await server.product.store.query<{ rows: string }>(statement(`SELECT count() AS rows FROM ${table}`));
    expect(Number(rows[0]?.rows), table).toBeGreaterThan(5);
  }
});
