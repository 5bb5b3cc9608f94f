const BASE_MS = Date.UTC(2026, 10, 1);
const MODELS = [
  ['anthropic', 'claude-sonnet-4-5'],
  ['openai', 'gpt-4.1-mini'],
  ['google', 'gemini-2.5-flash'],
  ['our-gpu', 'house-model-7b'],
];

/**
 * Event number `index` of a mixed stream, always the same for the same index: of ten events four are page views, two model
 * calls, and one each a tool execution, a message, an engagement and a statement about a task, which starts in one ten and
 * ends in the next. Ten events make a session.
 */
export function mixedEvent(index) {
  const common = {
    id: uuidOf(index),
    timestamp: new Date(BASE_MS + index * 2).toISOString(),
    session_id: `session-${Math.floor(index / 10)}`,
    user_id: `user-${index % 997}`,
  };
  switch (index % 10) {
    case 0:
    case 1: {
      const [provider, model] = MODELS[index % MODELS.length];
      return {
        ...common,
        type: 'ai_request',
        provider,
        model,
        agent: `agent-${index % 5}`,
        context_id: `context-${Math.floor(index / 20)}`,
        input_tokens: index % 5000,
        cache_read_tokens: index % 1000,
        output_tokens: index % 700,
        latency_ms: index % 3000,
        status: 'success',
        properties: { team: `team-${index % 8}` },
      };
    }
    case 2:
      return {
        ...common,
        type: 'tool_execution',
        tool: `tool-${index % 7}`,
        server: 'files',
        agent: 'agent-1',
        status: 'success',
        duration_ms: index % 900,
      };
    case 3:
      return { ...common, type: 'message', role: 'user', content_length: 100 };
    case 4:
      return {
        ...common,
        type: 'engagement',
        page_url: `https://site.example/page-${index % 50}`,
        time_on_page_ms: index % 10_000,
        max_scroll_depth: 50,
      };
    case 9: {
      const ended = index % 20 === 19;
      const outcome = ended ? (index % 140 === 19 ? 'failed' : 'completed') : 'working';
      return {
        ...common,
        type: 'agent_task',
        task_id: `task-${Math.floor(index / 20)}`,
        agent: `agent-${Math.floor(index / 20) % 5}`,
        status: outcome,
      };
    }
    default:
      return {
        ...common,
        type: 'page_view',
        page_url: `https://site.example/page-${index % 50}`,
        title: 'A page',
        properties: { variant: 'a' },
      };
  }
}

/** Version 4 in form; scattered over all ids, as those of clients are. */
function uuidOf(index) {
  const hex = (value) => (value >>> 0).toString(16).padStart(8, '0');
  const [a, b, c, d] = [1, 2, 3, 4].map((salt) => hex(Math.imul(index + 1, 2654435761) ^ Math.imul(index + salt, 40503 * salt + 1)));
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-8${c.slice(1, 4)}-${c.slice(4)}${d}`;
}
