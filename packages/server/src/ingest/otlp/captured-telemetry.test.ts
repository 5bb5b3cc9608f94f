import { describe, expect, it } from 'vitest';
import type { MappedSpan } from './map-span.js';
import type { OtlpEncoding } from './otlp-encoding.js';
import { readTraceExport } from './read-trace-export.js';
import { fixture } from './testing/otlp-fixtures.js';

function read(name: string, encoding: OtlpEncoding = 'json'): readonly MappedSpan[] {
  const { mapped, rejected } = readTraceExport(fixture(name), encoding);
  expect(rejected).toEqual([]);
  return mapped;
}

const events = (mapped: readonly MappedSpan[], type: string) => mapped.flatMap(({ event }) => (event?.type === type ? [event] : []));

describe('official OpenAI instrumentation, http/json', () => {
  const mapped = read('01-otel-instrumentation-openai.traces.json');
  const calls = events(mapped, 'ai_request');

  it('has four model calls and the plain span around them', () => {
    expect(calls.map(({ usage }) => [usage?.inputTokens, usage?.outputTokens])).toEqual([
      [2048, 83],
      [2116, 21],
      [2116, 21],
      [2048, 83],
    ]);
    expect(mapped.map(({ span }) => span.kind)).toEqual(['ai_request', 'ai_request', 'ai_request', 'ai_request', 'other']);
  });

  it('maps a call with every field', () => {
    expect(calls[0]).toEqual({
      id: '5e82d59533b0d41469dcc009dbd4a903:a1be8c279d9d2bcf',
      type: 'ai_request',
      table: 'ai_requests',
      timestampMs: 1795452059050,
      fields: {
        trace_id: '5e82d59533b0d41469dcc009dbd4a903',
        span_id: 'a1be8c279d9d2bcf',
        parent_span_id: 'f36f6a6167052e0d',
        status: 'success',
        provider: 'openai',
        model: 'gpt-4.1-mini-2025-04-14',
        request_model: 'gpt-4.1-mini',
        response_id: 'chatcmpl-fake-9',
        finish_reason: 'tool_calls',
        latency_ms: 49.699199,
      },
      properties: { 'service.name': 'weather-bot' },
      usage: {
        inputTokens: 2048,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        cacheWrite1hTokens: 0,
        outputTokens: 83,
        reasoningTokens: 0,
        inputAudioTokens: 0,
        inputImageTokens: 0,
        cacheReadAudioTokens: 0,
        outputAudioTokens: 0,
        outputImageTokens: 0,
        webSearches: 0,
      },
      usageFlags: ['cached_tokens_not_reported'],
      rawUsage: '{"gen_ai.usage.input_tokens":2048,"gen_ai.usage.output_tokens":83}',
    });
  });

  it('takes session, user and conversation from the plain span', () => {
    expect(mapped[4]).toEqual({
      index: 4,
      span: {
        trace_id: '5e82d59533b0d41469dcc009dbd4a903',
        span_id: 'f36f6a6167052e0d',
        parent_span_id: '',
        timestampMs: 1795452059049,
        kind: 'other',
        session_id: 'sess-1',
        user_id: 'user-1',
        context_id: 'conv-1',
        task_id: '',
        agent: '',
        resource_session_id: '',
        resource_user_id: '',
        resource_agent: 'weather-bot',
        tool: '',
        tool_execution_id: '',
        response_id: '',
        total_tokens: 0,
      },
      event: undefined,
    });
  });

  it('reads the provider under its old and its new name', () => {
    expect(new Set(calls.map(({ fields }) => fields['provider']))).toEqual(new Set(['openai']));
    expect(calls.map(({ fields }) => fields['finish_reason'])).toEqual(['tool_calls', 'stop', 'stop', 'tool_call']);
  });
});

describe('official OpenAI instrumentation, http/protobuf', () => {
  it('gives the same as its JSON form', () => {
    const fromProtobuf = read('02-otel-instrumentation-openai-protobuf.traces.pb', 'protobuf');
    expect(fromProtobuf).toEqual(read('02-otel-instrumentation-openai-protobuf.traces.json'));
    expect(events(fromProtobuf, 'ai_request').map(({ usage }) => [usage?.inputTokens, usage?.outputTokens])).toEqual([
      [2048, 83],
      [2116, 21],
      [2116, 21],
      [2048, 83],
    ]);
  });
});

describe('native spans of the Anthropic SDK', () => {
  const mapped = read('12-anthropic-sdk-native.traces.json');
  const calls = events(mapped, 'ai_request');

  it('has four calls that succeeded and one that failed', () => {
    expect(calls.map(({ fields }) => fields['status'])).toEqual(['success', 'success', 'failed', 'success', 'success']);
  });

  it('divides the inclusive input into disjoint buckets', () => {
    for (const call of calls.filter(({ fields }) => fields['status'] === 'success')) {
      expect(call.usage).toMatchObject({
        inputTokens: 12,
        cacheReadTokens: 5000,
        cacheWriteTokens: 1000,
        cacheWrite1hTokens: 400,
        outputTokens: 42,
      });
      expect(call.usageFlags).toEqual([]);
      expect(call.fields).toMatchObject({ provider: 'anthropic', model: 'claude-sonnet-4-6', service_tier: 'standard' });
      expect(call.fields).not.toHaveProperty('request_model');
    }
    expect(calls.map(({ fields }) => fields['finish_reason'])).toEqual(['end_turn', 'end_turn', undefined, 'tool_use', 'end_turn']);
    expect(mapped[0]?.span.total_tokens).toBe(6054);
  });

  it('reads the streamed call', () => {
    expect(calls[1]?.fields).toMatchObject({ streaming: true, time_to_first_token_ms: 7 });
    expect(calls[0]?.fields).not.toHaveProperty('streaming');
  });

  it('keeps the failed call, without usage and with the class of its error', () => {
    expect(calls[2]).toMatchObject({ usage: undefined, usageFlags: [], rawUsage: '' });
    expect(calls[2]?.fields).toMatchObject({ error_type: 'overloaded_error', model: 'claude-overloaded', latency_ms: 402.726383 });
  });

  it('reads the tool and the agent around it', () => {
    expect(events(mapped, 'tool_execution').map(({ fields }) => fields)).toEqual([
      {
        trace_id: '149c6877816127508bce003c75b7f8fe',
        span_id: '938a56ec68fae7f8',
        parent_span_id: '12cb7b3d3ddf82f6',
        status: 'success',
        tool: 'get_weather',
        ai_tool_call_id: 'toolu_fake_1',
        duration_ms: 0.318052,
      },
    ]);
    const task = '149c6877816127508bce003c75b7f8fe:12cb7b3d3ddf82f6';
    expect(events(mapped, 'agent_task').map(({ id, fields }) => ({ id, ...fields }))).toEqual([
      {
        id: task,
        trace_id: '149c6877816127508bce003c75b7f8fe',
        span_id: '12cb7b3d3ddf82f6',
        task_id: task,
        status: 'completed',
        started_at: 1795452059980,
        completed_at: 1795452059995,
      },
    ]);
    expect(mapped.find(({ span }) => span.kind === 'agent_task')?.span).toMatchObject({ task_id: task, total_tokens: 0 });
  });
});

describe('baggage copied to the attributes of every span', () => {
  const mapped = read('18-baggage-propagation.traces.json');

  it('has agent, tool and model call, each with its own attribution', () => {
    expect(mapped.map(({ span }) => span.kind)).toEqual(['ai_request', 'tool_execution', 'agent_task']);
    for (const { span, event } of mapped) {
      const own = { session_id: 'sess-1', user_id: 'user-1', context_id: 'conv-1', agent: 'weather agent', task_id: 'task-9' };
      expect(span).toMatchObject({ ...own, resource_agent: 'agent' });
      expect(event?.fields).toMatchObject(own);
    }
  });

  it('names the tool and its execution', () => {
    expect(mapped[1]?.span).toMatchObject({ tool: 'research', tool_execution_id: 'd72cf23fce0737ed0a8942277d7c7f73:205e06af55942e11' });
    expect(mapped[1]?.event?.fields).toMatchObject({ tool: 'research', status: 'success', duration_ms: 30.289039 });
    expect(mapped[0]?.span).toMatchObject({ tool: '', tool_execution_id: '', response_id: 'chatcmpl-fake-32', total_tokens: 2131 });
  });
});
