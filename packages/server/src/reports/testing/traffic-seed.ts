import { NOW_MS, randomSource, shuffled } from './report-seed.js';

const DAY_MS = 86_400_000;
/** Visits lie in the eleven days before now; this range has some before and after it, and some that cross its ends. */
export const TRAFFIC_SINCE = NOW_MS - 7.3 * DAY_MS;
export const TRAFFIC_UNTIL = NOW_MS - 1.6 * DAY_MS;
const SPAN_DAYS = 11;

/** What a visitor did on a page since the visit of the page began, as far as it was reported. */
export interface SeededReport {
  readonly open: number | null;
  readonly visible: number | null;
  readonly focus: number | null;
  readonly depth: number | null;
  readonly clicks: number | null;
}

export interface SeededVisitEvent {
  readonly ms: number;
  readonly kind: 'view' | 'action' | 'conversion' | 'call' | 'asset' | 'error' | 'engagement';
  readonly path: string;
  /** Id of the content that the event names; empty for none. */
  readonly content: string;
  readonly report?: SeededReport;
}

/** One session of a web client, or what nobody did whom a session could be given to. */
export interface SeededVisit {
  /** Empty for nobody. */
  readonly session: string;
  /** Who it is, told apart as the product does: a fingerprint, or an address with a user agent on one day, or nobody. */
  readonly visitor: string;
  readonly events: readonly SeededVisitEvent[];
}

export interface TrafficSeed {
  readonly visits: readonly SeededVisit[];
  /** The events of the contract that say so, in no order of time. */
  readonly events: readonly Record<string, unknown>[];
}

const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
] as const;
const PROGRAMS = [
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
  'curl/8.5.0',
] as const;
const REFERRERS = ['', '', 'https://www.google.com/', 'https://chatgpt.com/', 'https://blog.example.net/post', 'https://www.google.de/'];
const CAMPAIGNS = ['', '', '', '?utm_source=news&utm_medium=email&utm_campaign=spring', '?utm_source=ads&utm_medium=cpc'];
const PAGES = Array.from({ length: 30 }, (_, index) => `/p${String(index).padStart(2, '0')}`);

/** Every third page shows a content that has an id. */
export function contentOf(path: string): string {
  const index = PAGES.indexOf(path);
  return index > 0 && index % 3 === 0 ? `article-${index}` : '';
}

interface Dice {
  readonly random: () => number;
  readonly integer: (limit: number) => number;
  readonly pick: <Value>(values: readonly Value[]) => Value;
}

/** Who makes a visit, and when. */
interface Client {
  readonly session: string;
  readonly fingerprint: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly startMs: number;
}

/** Some 260 visits of people, programs and what is neither, and everything that makes counting them hard. */
export function seedTraffic(count = 260, start = 11): TrafficSeed {
  const random = randomSource(start);
  const integer = (limit: number): number => Math.floor(random() * limit);
  const dice: Dice = { random, integer, pick: (values) => values[integer(values.length)] as (typeof values)[number] };
  const visits: SeededVisit[] = [];
  const events: Record<string, unknown>[] = [];
  for (let index = 0; index < count; index++) {
    const client = clientOf(index, count, dice);
    const made = eventsOf(client, index, dice);
    visits.push({ session: client.session, visitor: visitorOf(client), events: made });
    events.push(...made.map((event) => wire(event, client, { index, first: event.ms === client.startMs }, dice)));
  }
  return { visits, events: shuffled(events, random) };
}

/** The last one in six visits is a program's; the others people's, of whom one in eight is nobody, or named by the session only. */
function clientOf(index: number, count: number, { integer, pick }: Dice): Client {
  const day = Math.floor((index * SPAN_DAYS) / count);
  // Not near midnight: whoever has no fingerprint is another visitor there.
  const dayMs = Math.floor((NOW_MS - SPAN_DAYS * DAY_MS) / DAY_MS) * DAY_MS + (day + 1) * DAY_MS;
  const crossing = index === 3 ? TRAFFIC_SINCE - 45_000 : index === 4 ? TRAFFIC_UNTIL - 45_000 : undefined;
  const startMs = crossing ?? Math.min(dayMs + index * 1000 + integer(9 * 3_600_000), NOW_MS - 3 * 3_600_000);
  const session = `visit-${index}`;
  const userAgent = index % 6 === 5 ? pick(PROGRAMS) : pick(BROWSERS);
  const ip = `198.51.100.${integer(60)}`;
  if (index % 16 === 8) return { session: '', fingerprint: '', ip: '', userAgent: '', startMs };
  if (index % 16 === 9) return { session, fingerprint: '', ip: '', userAgent: '', startMs };
  if (index % 4 === 1) return { session, fingerprint: '', ip, userAgent, startMs };
  return { session, fingerprint: `finger-${index % 6 === 5 ? 'bot-' : ''}${integer(90)}`, ip, userAgent, startMs };
}

function visitorOf({ session, fingerprint, ip, userAgent, startMs }: Client): string {
  if (fingerprint !== '') return fingerprint;
  if (ip !== '') return `${ip} ${userAgent} ${Math.floor(startMs / DAY_MS)}`;
  return session;
}

/** What one visit consists of, in order of time. Times within a visit are unique, so that its first and last page are clear. */
function eventsOf({ startMs }: Client, index: number, dice: Dice): SeededVisitEvent[] {
  if (index % 26 === 13) return disguisedCrawl(startMs);
  if (index % 26 === 7) return failures(startMs, dice);
  if (index % 26 === 20) return [{ ms: startMs, kind: 'action', path: '', content: '' }];
  return walk(startMs, dice);
}

/** A program that behaves like one: sixty pages in order, one each second. */
function disguisedCrawl(startMs: number): SeededVisitEvent[] {
  return Array.from({ length: 60 }, (_, step) => {
    const path = PAGES[Math.floor(step / 2)] ?? '';
    return { ms: startMs + step * 1000, kind: 'view', path, content: contentOf(path) };
  });
}

/** Nothing but errors: no event at all. */
function failures(startMs: number, { pick }: Dice): SeededVisitEvent[] {
  const paths = ['/wp-login.php', '/.env', '/admin'];
  return Array.from({ length: 4 }, (_, step) => ({ ms: startMs + step * 700, kind: 'error', path: pick(paths), content: '' }));
}

function walk(startMs: number, dice: Dice): SeededVisitEvent[] {
  const { random, integer, pick } = dice;
  const events: SeededVisitEvent[] = [];
  const views = random() < 0.3 ? 1 : 1 + integer(6);
  const own = [pick(PAGES), pick(PAGES), pick(PAGES)];
  let ms = startMs;
  for (let view = 0; view < views; view++) {
    // Out of three pages, so that many are seen twice.
    const path = pick(own);
    events.push({ ms, kind: 'view', path, content: contentOf(path) });
    const stayMs = random() < 0.07 ? 45 * 60_000 + integer(1000) : 16_000 + integer(180_000);
    if (random() < 0.75) events.push(...reportsOn(path, ms, stayMs, dice));
    if (random() < 0.12) events.push({ ms: ms + 3001, kind: 'asset', path: '/style.css', content: '' });
    if (random() < 0.06) events.push({ ms: ms + 3002, kind: 'error', path: pick(['/lost', path]), content: '' });
    if (random() < 0.1) events.push({ ms: ms + 3003, kind: 'action', path, content: '' });
    if (random() < 0.06) events.push({ ms: ms + 3004, kind: 'conversion', path, content: '' });
    if (random() < 0.05) events.push({ ms: ms + 3005, kind: 'call', path: '', content: '' });
    ms += stayMs;
  }
  return events;
}

/** One to three reports on one visit of a page, each on all that happened since it began. */
function reportsOn(path: string, viewMs: number, stayMs: number, { random, integer }: Dice): SeededVisitEvent[] {
  const count = 1 + integer(3);
  const maybe = (value: number): number | null => (random() < 0.8 ? value : null);
  let depth = integer(60);
  return Array.from({ length: count }, (_, step) => {
    const sinceMs = Math.floor((stayMs * (step + 1)) / count) - 2000;
    depth = Math.min(100, depth + integer(20));
    const report: SeededReport = {
      open: maybe(sinceMs),
      visible: maybe(Math.max(0, sinceMs - integer(3000))),
      focus: maybe(Math.max(0, sinceMs - integer(5000))),
      depth: maybe(depth),
      clicks: maybe(integer(3) + step),
    };
    return { ms: viewMs + sinceMs, kind: 'engagement', path, content: random() < 0.5 ? contentOf(path) : '', report };
  });
}

/** An event as a server that speaks for its visitors sends it; every second visit is told by a web server's log. */
function wire(
  event: SeededVisitEvent,
  client: Client,
  { index, first }: { readonly index: number; readonly first: boolean },
  { pick }: Dice,
): Record<string, unknown> {
  const { session, fingerprint, ip, userAgent } = client;
  const { kind, path, content, report } = event;
  const logged = index % 2 === 0 && userAgent !== '';
  const referrer = first ? pick(REFERRERS) : '';
  const campaign = first ? pick(CAMPAIGNS) : '';
  const fields: Record<string, unknown> = {
    id: `${index}-${event.ms}`,
    timestamp: event.ms,
    session_id: session,
    fingerprint,
    ip,
    user_agent: userAgent,
    ...(kind === 'call' ? {} : { referrer, locale: pick(['de-AT', 'en', '']), content_id: kind === 'view' || report ? content : '' }),
    ...(path === '' ? {} : { page_url: `https://site.example${path}${campaign}` }),
  };
  switch (kind) {
    case 'view':
      Object.assign(fields, logged ? { type: 'http_request', status_code: 200 } : { type: 'page_view' });
      break;
    case 'asset':
      Object.assign(fields, { type: 'http_request', status_code: 200 });
      break;
    case 'error':
      Object.assign(fields, { type: 'http_request', status_code: pick([404, 500]) });
      break;
    case 'action':
      fields['type'] = 'signup';
      break;
    case 'conversion':
      Object.assign(fields, { type: 'conversion', goal_name: 'order' });
      break;
    case 'call':
      Object.assign(fields, { type: 'ai_request', provider: 'openai', model: 'gpt-4o-mini', input_tokens: 1, output_tokens: 1 });
      break;
    case 'engagement':
      Object.assign(fields, {
        type: 'engagement',
        time_on_page_ms: report?.open,
        visible_time_ms: report?.visible,
        focus_time_ms: report?.focus,
        max_scroll_depth: report?.depth,
        clicks: report?.clicks,
      });
      break;
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '' && value !== null && value !== undefined));
}
