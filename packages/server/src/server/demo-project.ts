import type { Product } from '../product.js';

/** Id of the project with made-up data. */
const DEMO_PROJECT_ID = 'demo';
const DEMO_DAYS = 14;
const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;
const EVENTS_PER_BATCH = 2_000;

/** What the made-up company runs. Shares and sizes are invented; models and prices are real. */
const MODELS = [
  { provider: 'anthropic', model: 'claude-sonnet-4-5', weight: 5, latency: 1900 },
  { provider: 'openai', model: 'gpt-4.1-mini', weight: 6, latency: 700 },
  { provider: 'google', model: 'gemini-2.5-flash', weight: 3, latency: 600 },
  { provider: 'our-gpu', model: 'house-model-7b', weight: 1, latency: 300 },
] as const;
const AGENTS = ['researcher', 'support', 'coder', 'planner'] as const;
const TOOLS = [
  { tool: 'search_documents', server: 'knowledge', duration: 180, failing: 0.01 },
  { tool: 'run_sql', server: 'warehouse', duration: 900, failing: 0.08 },
  { tool: 'send_mail', server: 'office', duration: 350, failing: 0.02 },
] as const;
const PAGES = ['/', '/pricing', '/docs/start', '/docs/agents', '/blog/exact-costs'] as const;
const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
] as const;
const REFERRERS = [
  '',
  '',
  '',
  'https://www.google.com/',
  'https://www.google.com/',
  'https://chatgpt.com/',
  'https://github.com/',
] as const;
const CAMPAIGN = '?utm_source=newsletter&utm_medium=email&utm_campaign=spring';
/** Programs that read the site, and how many of its pages a day. */
const CRAWLERS = [
  { userAgent: 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', pages: 40 },
  { userAgent: 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)', pages: 25 },
  { userAgent: 'Mozilla/5.0 (compatible; ClaudeBot/1.0; +claudebot@anthropic.com)', pages: 15 },
] as const;

type DemoEvent = Readonly<Record<string, unknown>>;

/**
 * Loads two weeks of made-up activity into the project `demo`, made when absent. Everything hangs on the date, ids too:
 * a second start on the same day adds what is new of today and counts nothing twice.
 *
 * @param say tells of the progress
 * @returns the project's id
 */
export async function loadDemoProject(product: Product, say: (line: string) => void): Promise<string> {
  const known = await product.projects.list();
  if (!known.some((project) => project.project_id === DEMO_PROJECT_ID))
    await product.projects.create(DEMO_PROJECT_ID, 'Demo (made-up data)');
  const nowMs = product.clock();
  const today = Math.floor(nowMs / DAY_MS);
  let accepted = 0;
  say(`Loading made-up data into the project "${DEMO_PROJECT_ID}"…`);
  for (let day = today - DEMO_DAYS + 1; day <= today; day++) {
    const events = demoDay(day).filter((event) => Number(event['timestamp']) <= nowMs);
    for (let start = 0; start < events.length; start += EVENTS_PER_BATCH) {
      const answer = await product.ingest.ingestEvents(
        events.slice(start, start + EVENTS_PER_BATCH).map((value) => ({ ok: true, value })),
        { projectId: DEMO_PROJECT_ID, keyId: '', trusted: true, ip: '', userAgent: '' },
      );
      accepted += answer.accepted;
    }
  }
  await product.mover.move();
  await product.snapshots.refresh();
  say(`Loaded ${accepted} events that were not there yet.`);
  return DEMO_PROJECT_ID;
}

/** The made-up events of one day, always the same for the same day. */
function demoDay(day: number): DemoEvent[] {
  const random = randomOf(day);
  const weekend = (day + 4) % 7 === 0 || (day + 4) % 7 === 6;
  const sessions = weekend ? 25 : 60;
  const events: DemoEvent[] = [];
  for (let index = 0; index < sessions; index++) events.push(...demoSession(day, index, random));
  for (const crawler of CRAWLERS) events.push(...demoCrawl(day, crawler, random));
  return events;
}

/** A program that reads page after page, some seconds apart. */
function demoCrawl(day: number, { userAgent, pages }: (typeof CRAWLERS)[number], random: () => number): DemoEvent[] {
  const startMs = day * DAY_MS + Math.floor(random() * 20 * HOUR_MS);
  const name = userAgent.length;
  return Array.from({ length: pages }, (_, index) => ({
    id: `demo-${day}-crawl-${name}-${index}`,
    type: 'http_request',
    timestamp: startMs + index * 9_000 + Math.floor(random() * 4_000),
    fingerprint: `demo-crawler-${name}`,
    user_agent: userAgent,
    page_url: `https://demo.example/docs/page-${1 + Math.floor(random() * 60)}`,
    method: 'GET',
    status_code: random() < 0.05 ? 404 : 200,
  }));
}

function demoSession(day: number, index: number, random: () => number): DemoEvent[] {
  const id = `demo-${day}-${index}`;
  // Working hours, with a hump in the afternoon.
  const startMs = day * DAY_MS + Math.floor((7 + 6 * random() + 6 * random()) * HOUR_MS);
  const agent = pick(AGENTS, random);
  const who = { session_id: id, user_id: `user-${1 + Math.floor(random() ** 2 * 40)}`, context_id: `${id}-conversation` };
  const events: DemoEvent[] = [];
  let atMs = startMs;
  const add = (fields: DemoEvent): void => {
    events.push({ id: `${id}-${events.length}`, timestamp: atMs, ...who, ...fields });
  };
  const client = { user_agent: pick(BROWSERS, random), fingerprint: `demo-${who.user_id}` };
  const referrer = pick(REFERRERS, random);
  const campaign = random() < 0.1 ? CAMPAIGN : '';
  const pages = 1 + Math.floor(random() * 4);
  for (let page = 0; page < pages; page++) {
    const first = page === 0 ? { referrer, page_url: `https://demo.example${pick(PAGES, random)}${campaign}` } : undefined;
    add({
      type: 'page_view',
      ...client,
      page_url: `https://demo.example${pick(PAGES, random)}`,
      referrer: 'https://demo.example/',
      ...first,
    });
    atMs += 5_000 + Math.floor(random() * 40_000);
  }
  const turns = 1 + Math.floor(random() * 5);
  for (let turn = 0; turn < turns; turn++) {
    const task = { task_id: `${id}-task-${turn}`, agent };
    add({ type: 'message', role: 'user', content_length: 20 + Math.floor(random() * 400) });
    add({ type: 'agent_task', ...task, status: 'working' });
    const failed = random() < 0.06;
    for (let step = 0; step < 1 + Math.floor(random() * 3); step++) {
      const latencyMs = addStep(modelCall(random), add, task);
      atMs += Math.ceil(latencyMs);
      if (random() < 0.6) atMs += Math.ceil(addStep(toolExecution(random), add, task));
    }
    add({ type: 'agent_task', ...task, status: failed ? 'failed' : 'completed', ...(failed ? { error_type: 'step_limit' } : {}) });
    add({ type: 'message', role: 'assistant', content_length: 100 + Math.floor(random() * 1500) });
    atMs += 20_000 + Math.floor(random() * 120_000);
  }
  if (random() < 0.15) add({ type: 'conversion', goal_name: 'signup', goal_value: '49' });
  return events;
}

/** Adds an event of a task and answers how long it took. */
function addStep(made: { readonly fields: DemoEvent; readonly tookMs: number }, add: (fields: DemoEvent) => void, task: DemoEvent): number {
  add({ ...task, ...made.fields });
  return made.tookMs;
}

function modelCall(random: () => number): { readonly fields: DemoEvent; readonly tookMs: number } {
  const { provider, model, latency } = pickWeighted(random);
  const failed = random() < 0.03;
  const tookMs = latency * (0.5 + random() + (random() < 0.05 ? 4 : 0));
  const prompt = 400 + Math.floor(random() * 6_000);
  const cached = provider === 'anthropic' && random() < 0.7 ? Math.floor(prompt * 0.8) : 0;
  const outcome = failed
    ? { status: 'failed', error_type: 'overloaded_error' }
    : { status: 'success', input_tokens: prompt - cached, cache_read_tokens: cached, output_tokens: 30 + Math.floor(random() * 700) };
  return {
    tookMs,
    fields: { type: 'ai_request', provider, model, latency_ms: round(tookMs), time_to_first_token_ms: round(tookMs * 0.2), ...outcome },
  };
}

function toolExecution(random: () => number): { readonly fields: DemoEvent; readonly tookMs: number } {
  const { tool, server, duration, failing } = pick(TOOLS, random);
  const failed = random() < failing;
  const tookMs = duration * (0.4 + 1.2 * random());
  const outcome = failed
    ? { status: 'failed', error_type: 'timeout', error_message: 'The server did not answer in time.' }
    : { status: 'success' };
  return { tookMs, fields: { type: 'tool_execution', tool, server, duration_ms: round(tookMs), ...outcome } };
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  // `random` is below 1, so there is always an item.
  return items[Math.floor(random() * items.length)] as Item;
}

function pickWeighted(random: () => number): (typeof MODELS)[number] {
  const total = MODELS.reduce((sum, { weight }) => sum + weight, 0);
  let left = random() * total;
  for (const model of MODELS) {
    left -= model.weight;
    if (left < 0) return model;
  }
  return MODELS[0];
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

/** Mulberry32: small, and the same on every machine. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
