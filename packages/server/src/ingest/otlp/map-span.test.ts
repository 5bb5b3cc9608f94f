import { describe, expect, it } from 'vitest';
import { attributesOf, faultOf, mapped } from './testing/otlp-fixtures.js';

const CHAT = { 'gen_ai.operation.name': 'chat' };
const ID = '0af7651916cd43dd8448eb211c80319c:0000000000000001';

describe('kinds', () => {
  it.each([
    [{ 'gen_ai.operation.name': 'chat' }, 'ai_request'],
    [{ 'gen_ai.operation.name': 'generate_content' }, 'ai_request'],
    [{ 'gen_ai.operation.name': 'text_completion' }, 'ai_request'],
    [{ 'gen_ai.operation.name': 'embeddings' }, 'ai_request'],
    [{ 'gen_ai.operation.name': 'execute_tool' }, 'tool_execution'],
    [{ 'mcp.method.name': 'tools/call' }, 'tool_execution'],
    [{ 'mcp.method.name': 'tools/list' }, 'other'],
    [{ 'gen_ai.operation.name': 'invoke_agent' }, 'agent_task'],
    [{ 'gen_ai.operation.name': 'invoke_workflow' }, 'agent_task'],
    [{ 'gen_ai.operation.name': 'create_agent' }, 'other'],
    [{ 'gen_ai.operation.name': 'retrieval' }, 'other'],
    [{ 'gen_ai.usage.input_tokens': 5 }, 'other'],
    [{}, 'other'],
  ])('%j is %s', (attributes, kind) => {
    const { span, event } = mapped(attributes);
    expect(span.kind).toBe(kind);
    expect(event?.type).toBe(kind === 'other' ? undefined : kind);
  });

  it.each(['invoke_agent', 'invoke_workflow', 'execute_tool', 'create_agent'])('never bills the usage of %s', (operation) => {
    const { span, event } = mapped({
      'gen_ai.operation.name': operation,
      'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.output_tokens': 10,
    });
    expect(span.total_tokens).toBe(0);
    expect(event?.usage).toBeUndefined();
  });
});

describe('model calls', () => {
  it.each([
    ['gemini', 'gcp.gemini'],
    ['vertex_ai', 'gcp.vertex_ai'],
    ['az.ai.inference', 'azure.ai.inference'],
    ['az.ai.openai', 'azure.ai.openai'],
    ['xai', 'x_ai'],
    ['openai', 'openai'],
    ['mine', 'mine'],
  ])('has the provider %s as %s', (sent, provider) => {
    expect(mapped({ ...CHAT, 'gen_ai.system': sent }).event?.fields['provider']).toBe(provider);
  });

  it.each([
    [{ 'gen_ai.response.model': 'a-1' }, { model: 'a-1' }],
    [{ 'gen_ai.request.model': 'a' }, { model: 'a' }],
    [
      { 'gen_ai.request.model': 'a', 'gen_ai.response.model': 'a-1' },
      { model: 'a-1', request_model: 'a' },
    ],
    [{ 'gen_ai.request.model': 'a', 'gen_ai.response.model': 'a' }, { model: 'a' }],
    [{}, {}],
  ])('models %j give %j', (attributes, expected) => {
    const fields = mapped({ ...CHAT, ...attributes }).event?.fields;
    const { model, request_model } = { model: undefined, request_model: undefined, ...expected };
    expect([fields?.['model'], fields?.['request_model']]).toEqual([model, request_model]);
  });

  it('prefers the billed service tier to the requested one', () => {
    const tiers = { 'openai.request.service_tier': 'auto', 'gen_ai.openai.response.service_tier': 'flex' };
    expect(mapped({ ...CHAT, ...tiers }).event?.fields['service_tier']).toBe('flex');
  });

  it('has no latency when the span has no end or ends before it starts', () => {
    for (const endTimeUnixNano of ['0', undefined, '1795452059000000000']) {
      expect(mapped(CHAT, { endTimeUnixNano }).event?.fields).not.toHaveProperty('latency_ms');
    }
  });
});

describe('usage', () => {
  const usageOf = (attributes: Record<string, unknown>, scopeName?: string) => {
    const { event } = mapped({ ...CHAT, ...attributes }, {}, scopeName === undefined ? {} : { scopeName });
    return event === undefined ? undefined : { ...event.usage, flags: event.usageFlags };
  };
  const INPUT = 'gen_ai.usage.input_tokens';
  const WRITE = 'gen_ai.usage.cache_write.input_tokens';
  const FIVE = 'anthropic.usage.cache_creation.ephemeral_5m_input_tokens';
  const HOUR = 'anthropic.usage.cache_creation.ephemeral_1h_input_tokens';

  it.each([
    [{ [INPUT]: 100 }, { inputTokens: 100, flags: [] }],
    [{ [INPUT]: '100' }, { inputTokens: 100, flags: [] }],
    [
      { 'gen_ai.usage.prompt_tokens': 100, 'gen_ai.usage.completion_tokens': 7 },
      { inputTokens: 100, outputTokens: 7, flags: [] },
    ],
    [
      { [INPUT]: 100, 'gen_ai.usage.cache_read.input_tokens': 60 },
      { inputTokens: 40, cacheReadTokens: 60, flags: [] },
    ],
    [
      { [INPUT]: 100, [WRITE]: 60 },
      { inputTokens: 40, cacheWriteTokens: 60, cacheWrite1hTokens: 0, flags: ['cache_write_ttl_unknown'] },
    ],
    [
      { [INPUT]: 100, 'gen_ai.usage.cache_creation.input_tokens': 60 },
      { cacheWriteTokens: 60, flags: ['cache_write_ttl_unknown'] },
    ],
    [
      { [INPUT]: 100, [WRITE]: 60, [FIVE]: 60 },
      { cacheWriteTokens: 60, cacheWrite1hTokens: 0, flags: [] },
    ],
    [
      { [INPUT]: 100, [FIVE]: 20, [HOUR]: 40 },
      { inputTokens: 40, cacheWriteTokens: 60, cacheWrite1hTokens: 40, flags: [] },
    ],
    [
      { [INPUT]: 100, [WRITE]: 60, [FIVE]: 10, [HOUR]: 40 },
      { cacheWriteTokens: 60, cacheWrite1hTokens: 40, flags: ['cache_write_ttl_unknown'] },
    ],
    [
      { [INPUT]: 10, 'gen_ai.usage.cache_read.input_tokens': 60 },
      { inputTokens: 10, cacheReadTokens: 60, flags: ['input_excludes_cache_assumed'] },
    ],
    [
      { 'gen_ai.usage.output_tokens': 9, 'gen_ai.usage.reasoning.output_tokens': 4 },
      { outputTokens: 9, reasoningTokens: 4, flags: [] },
    ],
    [
      { [INPUT]: 9, 'gen_ai.usage.audio.input_tokens': 4 },
      { inputTokens: 9, inputAudioTokens: 4, flags: [] },
    ],
    [
      { [INPUT]: 9, 'gen_ai.usage.image.input_tokens': 4 },
      { inputTokens: 9, inputImageTokens: 4, flags: [] },
    ],
    [
      { [INPUT]: 9, 'gen_ai.usage.cache_read.input_tokens': 1, 'gen_ai.usage.image.input_tokens': 4 },
      { inputTokens: 8, inputImageTokens: 0, flags: ['cached_modality_unknown'] },
    ],
    [
      { [INPUT]: 9, 'anthropic.usage.compaction.input_tokens': 500, 'anthropic.usage.compaction.output_tokens': 50 },
      { inputTokens: 509, outputTokens: 50, flags: ['compaction_cache_split_unknown'] },
    ],
    [
      { [INPUT]: { doubleValue: 'NaN' }, 'gen_ai.usage.output_tokens': 3 },
      { inputTokens: 0, outputTokens: 3, flags: ['unreadable_usage_ignored'] },
    ],
  ])('%j is %j', (attributes, expected) => {
    expect(usageOf(attributes)).toMatchObject(expected);
  });

  it('says when the instrumentation never reports cached tokens', () => {
    const official = '@opentelemetry/instrumentation-openai';
    expect(usageOf({ [INPUT]: 5 }, official)?.flags).toEqual(['cached_tokens_not_reported']);
    expect(usageOf({ [INPUT]: 5, 'gen_ai.usage.cache_read.input_tokens': 1 }, official)?.flags).toEqual([]);
    expect(usageOf({ [INPUT]: 5, 'gen_ai.operation.name': 'embeddings' }, official)?.flags).toEqual([]);
    expect(usageOf({}, official)?.flags).toEqual([]);
    expect(usageOf({ [INPUT]: 5 })?.flags).toEqual([]);
  });

  it.each([
    [{ [INPUT]: -5 }, 'gen_ai.usage.input_tokens is -5; it is a whole number of tokens.'],
    [{ [INPUT]: 1.5 }, 'gen_ai.usage.input_tokens is 1.5; it is a whole number of tokens.'],
    [{ [INPUT]: '99999999999' }, 'inputTokens is 99999999999, expected an integer from 0 to 10000000000.'],
    [{ [INPUT]: 9, [WRITE]: 5, [FIVE]: 3, [HOUR]: 3 }, 'The cache writes for 5 minutes and 1 hour are 6 tokens, more than the 5 written.'],
    [{ [INPUT]: 9, 'gen_ai.usage.image.input_tokens': 10 }, 'inputAudioTokens 0 + inputImageTokens 10 exceeds inputTokens 9.'],
  ])('refuses %j', (attributes, message) => {
    expect(faultOf({ ...CHAT, ...attributes })).toBe(message);
  });
});

describe('failures', () => {
  const exception = { name: 'exception', attributes: attributesOf({ 'exception.type': 'TimeoutError', 'exception.message': 'too slow' }) };
  it.each([
    [{}, {}, ['success', undefined, undefined]],
    [{}, { status: { code: 1 } }, ['success', undefined, undefined]],
    [{}, { events: [exception] }, ['success', undefined, undefined]],
    [{ 'http.response.status_code': 500 }, {}, ['success', undefined, undefined]],
    [{}, { status: { code: 2 } }, ['failed', '_OTHER', undefined]],
    [{}, { status: { code: 'STATUS_CODE_ERROR', message: 'no' } }, ['failed', '_OTHER', 'no']],
    [{ 'error.type': 'overloaded_error' }, {}, ['failed', 'overloaded_error', undefined]],
    [{ 'http.response.status_code': 529 }, { status: { code: 2 } }, ['failed', '529', undefined]],
    [{ 'http.response.status_code': 529 }, { status: { code: 2 }, events: [exception] }, ['failed', 'TimeoutError', 'too slow']],
    [{ 'error.type': 'x' }, { status: { code: 2, message: 'said' }, events: [exception] }, ['failed', 'x', 'said']],
  ])('%j with %j', (attributes, more, expected) => {
    const fields = mapped({ ...CHAT, ...attributes }, more).event?.fields;
    expect([fields?.['status'], fields?.['error_type'], fields?.['error_message']]).toEqual(expected);
  });

  it('keeps the first characters of a long message, none of them halved', () => {
    const message = `${'x'.repeat(4095)}\u{1F600}${'y'.repeat(5000)}`;
    expect(mapped(CHAT, { status: { code: 2, message } }).event?.fields['error_message']).toBe('x'.repeat(4095));
  });
});

describe('tools', () => {
  it('names the execution after the span and the server after the MCP address', () => {
    const { span, event } = mapped({
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'search',
      'gen_ai.tool.call.id': 'call_1',
      'server.address': 'mcp.example.com',
      'error.type': 'tool_error',
    });
    expect(span).toMatchObject({ tool: 'search', tool_execution_id: ID });
    expect(event).toMatchObject({ id: ID, table: 'mcp_tool_executions', usage: undefined });
    expect(event?.fields).toMatchObject({
      tool: 'search',
      server: 'mcp.example.com',
      ai_tool_call_id: 'call_1',
      status: 'failed',
      error_type: 'tool_error',
      duration_ms: 49.699199,
    });
  });

  it('has no server when the span is not of MCP', () => {
    expect(mapped({ 'gen_ai.operation.name': 'execute_tool', 'server.address': 'x' }).event?.fields).not.toHaveProperty('server');
  });

  it.each([
    ['execute_tool get weather', 'get weather'],
    ['tools/call research', 'research'],
    ['something', undefined],
  ])('finds the tool in the span name %j', (name, tool) => {
    expect(mapped({ 'gen_ai.operation.name': 'execute_tool' }, { name }).event?.fields['tool']).toBe(tool);
  });
});

describe('agents', () => {
  it('is the task that is named, or one of its own', () => {
    const agent = { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'planner' };
    expect(mapped(agent).span).toMatchObject({ task_id: ID, agent: 'planner' });
    expect(mapped({ ...agent, 'a2a.task.id': 'task-1' }).event?.fields).toMatchObject({ task_id: 'task-1', agent: 'planner' });
    expect(mapped({ ...agent, 'a2a.task.id': 'task-1' }).event?.id).toBe(ID);
  });

  it('has ended, well or not', () => {
    const workflow = { 'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.workflow.name': 'flow' };
    expect(mapped(workflow).event?.fields).toMatchObject({
      status: 'completed',
      agent: 'flow',
      started_at: 1795452059050,
      completed_at: 1795452059099,
    });
    expect(mapped({ ...workflow, 'error.type': 'x' }).event?.fields).toMatchObject({ status: 'failed', error_type: 'x' });
    expect(mapped(workflow, { endTimeUnixNano: '0' }).event?.fields).not.toHaveProperty('completed_at');
  });
});

describe('attribution and properties', () => {
  it('keeps what the resource says apart', () => {
    const { span, event } = mapped(CHAT, {}, { resource: { 'service.name': 'bot', 'session.id': 's', 'enduser.id': 'u' } });
    expect(span).toMatchObject({
      resource_agent: 'bot',
      resource_session_id: 's',
      resource_user_id: 'u',
      agent: '',
      session_id: '',
      user_id: '',
    });
    expect(event?.fields).not.toHaveProperty('agent');
    expect(event?.fields).not.toHaveProperty('session_id');
  });

  it('does not take the name an SDK invents for an agent', () => {
    expect(mapped(CHAT, {}, { resource: { 'service.name': 'unknown_service:node' } }).span.resource_agent).toBe('');
  });

  it('takes properties by name and by prefix', () => {
    const { event } = mapped(
      {
        ...CHAT,
        'systemprompt.properties.team': 'blue',
        'metadata.team': 'red',
        'metadata.retries': 3,
        'metadata.tags': ['a', 'b'],
        'gen_ai.prompt.name': 'greeting',
        'gen_ai.input.messages': 'secret',
      },
      {},
      { resource: { 'deployment.environment.name': 'prod', 'host.name': 'h' } },
    );
    expect(event?.properties).toEqual({
      'deployment.environment.name': 'prod',
      'gen_ai.prompt.name': 'greeting',
      team: 'blue',
      retries: '3',
      tags: '["a","b"]',
    });
  });

  it.each([
    [{ 'session.id': 'x'.repeat(257) }, 'session_id has 257 characters; at most 256 are allowed.'],
    [{ 'user.id': 'x\ud800' }, 'user_id holds half of a surrogate pair, which is not Unicode text.'],
    [{ ...CHAT, 'gen_ai.request.model': 'x'.repeat(300) }, 'model has 300 characters; at most 256 are allowed.'],
    [{ ...CHAT, 'gen_ai.response.time_to_first_chunk': -1 }, 'time_to_first_token_ms is -1000; allowed: 0 to 31622400000.'],
    [{ ...CHAT, 'metadata.x': 'y'.repeat(5000) }, 'properties.x has 5000 characters; at most 4096 are allowed.'],
  ])('refuses what the event contract refuses', (attributes, message) => {
    expect(faultOf(attributes)).toBe(message);
  });

  it('refuses too many properties', () => {
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`metadata.${index}`, 'x']));
    expect(faultOf({ ...CHAT, ...many })).toBe('The span has 65 properties; at most 64 are allowed.');
  });
});
