import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { percentile, sendAll } from './load.mjs';
import { mixedEvent } from './mixed-events.mjs';
import { withBareServer, withFolder, withProduct } from './processes.mjs';

const EVENTS_PER_BATCH = 100;
const SPANS_PER_EXPORT = 512;
const CONNECTIONS = 64;
const PROTOS = new URL('../../packages/server/protos/', import.meta.url);

/** @param {{ events: number, singles: number, spans: number, say: (line: string) => void }} size */
export async function benchIngest({ events, singles, spans, say }) {
  say(`ingest: ${events} events in batches of ${EVENTS_PER_BATCH}, bare route`);
  const batches = batchesOf(0, events);
  const single = Array.from({ length: singles }, (_, index) => json(mixedEvent(events + index)));
  const bare = await withBareServer(async ({ url }) => {
    await sendAll(`${url}/v1/events`, batchesOf(0, 10_000), CONNECTIONS);
    const batch = await sendAll(`${url}/v1/events`, batches, CONNECTIONS);
    const alone = await sendAll(`${url}/v1/events`, single, CONNECTIONS);
    return { batch, alone };
  });
  return withFolder((folder) =>
    withProduct(folder, async ({ url, residentMiB }) => {
      const target = `${url}/v1/events`;
      await sendAll(target, batchesOf(events + singles, 10_000), CONNECTIONS);
      say('ingest: the same events, stored');
      const batch = await sendAll(target, batches, CONNECTIONS);
      say(`ingest: ${singles} requests of one event`);
      const alone = await sendAll(target, single, CONNECTIONS);
      say(`ingest: ${spans} OTLP spans in protobuf`);
      const exports = exportsOf(spans);
      const traces = await sendAll(`${url}/v1/traces`, exports, 16);
      const perSecond = (count, { seconds }) => Math.round(count / seconds);
      return [
        {
          what: `durable ingest, batches of ${EVENTS_PER_BATCH} mixed events, ${CONNECTIONS} connections`,
          measured: `${perSecond(events, batch)} events/s`,
          beside: `bare route ${perSecond(events, bare.batch)} events/s`,
          ratio: bare.batch.seconds / batch.seconds,
          target: '>= 60 %, >= 25,000 events/s',
          detail: `p50 ${ms(batch, 0.5)}, p99 ${ms(batch, 0.99)}`,
        },
        {
          what: `requests of one event, ${CONNECTIONS} connections`,
          measured: `${perSecond(singles, alone)} requests/s`,
          beside: `bare route ${perSecond(singles, bare.alone)} requests/s`,
          ratio: bare.alone.seconds / alone.seconds,
          target: '>= 50 %, p99 <= 60 ms',
          detail: `p50 ${ms(alone, 0.5)}, p99 ${ms(alone, 0.99)}`,
        },
        {
          what: `OTLP protobuf, ${SPANS_PER_EXPORT} spans a request, 16 connections`,
          measured: `${perSecond(spans, traces)} spans/s`,
          beside: '',
          ratio: null,
          target: '>= 40,000 spans/s',
          detail: `p50 ${ms(traces, 0.5)}, p99 ${ms(traces, 0.99)}; ${residentMiB()} MiB resident`,
        },
      ];
    }),
  );
}

function batchesOf(first, count) {
  return Array.from({ length: Math.ceil(count / EVENTS_PER_BATCH) }, (_, batch) =>
    json(Array.from({ length: EVENTS_PER_BATCH }, (_, index) => mixedEvent(first + batch * EVENTS_PER_BATCH + index))),
  );
}

function json(value) {
  return { body: Buffer.from(JSON.stringify(value)), type: 'application/json' };
}

function ms({ latencies }, share) {
  return `${percentile(latencies, share).toFixed(1)} ms`;
}

/** Traces of eight spans: a request, an agent, three model calls and three tool executions. */
function exportsOf(count) {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => fileURLToPath(new URL(target, PROTOS));
  root.loadSync('opentelemetry/proto/collector/trace/v1/trace_service.proto');
  const type = root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest');
  return Array.from({ length: Math.ceil(count / SPANS_PER_EXPORT) }, (_, batch) => {
    const spans = Array.from({ length: SPANS_PER_EXPORT }, (_, index) => spanOf(batch * SPANS_PER_EXPORT + index));
    const message = {
      resourceSpans: [
        { resource: { attributes: attributes({ 'service.name': 'bench' }) }, scopeSpans: [{ scope: { name: 'bench' }, spans }] },
      ],
    };
    return { body: Buffer.from(type.encode(type.fromObject(message)).finish()), type: 'application/x-protobuf' };
  });
}

function spanOf(index) {
  const trace = Math.floor(index / 8);
  const place = index % 8;
  const startMs = Date.now() - 3_600_000 + trace;
  const id = (value, bytes) => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeUInt32BE(0xbe7c4, 0);
    buffer.writeUInt32BE(value + 1, bytes - 4);
    return buffer;
  };
  const common = {
    traceId: id(trace, 16),
    spanId: id(index, 8),
    parentSpanId: place === 0 ? Buffer.alloc(0) : id(trace * 8 + (place === 1 ? 0 : 1), 8),
    startTimeUnixNano: `${startMs}000000`,
    endTimeUnixNano: `${startMs + 120}000000`,
  };
  if (place === 0)
    return {
      ...common,
      name: 'POST /chat',
      kind: 2,
      attributes: attributes({ 'session.id': `session-${trace}`, 'user.id': `user-${trace % 997}` }),
    };
  if (place === 1) {
    return {
      ...common,
      name: 'invoke_agent planner',
      kind: 1,
      attributes: attributes({ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'planner' }),
    };
  }
  if (place % 2 === 0) {
    return {
      ...common,
      name: 'chat gpt-4.1-mini',
      kind: 3,
      attributes: attributes({
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4.1-mini',
        'gen_ai.response.model': 'gpt-4.1-mini-2025-04-14',
        'gen_ai.response.id': `response-${index}`,
        'gen_ai.usage.input_tokens': 2000 + (index % 100),
        'gen_ai.usage.output_tokens': 50 + (index % 40),
      }),
    };
  }
  return {
    ...common,
    name: 'execute_tool search',
    kind: 1,
    attributes: attributes({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': `tool-${index % 7}` }),
  };
}

function attributes(values) {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: value },
  }));
}
