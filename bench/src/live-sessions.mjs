// Measures what is done for every request of a live session, in a process of its own: node --expose-gc live-sessions.mjs SESSIONS REQUESTS.
// The product's own classes do it, as product.ts puts them together; only the sessions are made here instead of found by the ingest.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BOT_RULES, PathTable } from '@systemprompt-analytics/core';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { openEnricher, readConfiguration, ThrottleService } from 'systemprompt-analytics';
import { BotWatch } from '../../packages/server/dist/bots/bot-watch.js';
import { SiteKnowledge } from '../../packages/server/dist/bots/site-knowledge.js';
import { tellSessions } from '../../packages/server/dist/bots/tell-sessions.js';
import { LiveFeed } from '../../packages/server/dist/live/live-feed.js';
import { LiveSession, LiveSessions } from '../../packages/server/dist/sessions/live-sessions.js';
import { migrate } from '../../packages/server/dist/store/migrations.js';
import { openRateLimiter } from '../../packages/server/dist/throttle/open-rate-limiter.js';

const [sessionsText = '1000000', requestsText = '1000000', PROFILE = 'classic'] = process.argv.slice(2);
const SESSIONS = Number(sessionsText);
const REQUESTS = Number(requestsText);
const PAGES_PER_SESSION = 5;
const SITE_PAGES = 2000;
const PAGE_MS = 360_000;
/** Requests that follow a page view. In the log of samples/logs there are 2.4 for one. */
const ASSET_PATHS = ['/assets/site.css', '/assets/photo.jpg'];
const ROUNDS = 5;
const START = Date.UTC(2026, 5, 1, 12);
const PROJECT = 'default';
const USER_AGENTS = [137, 138, 139, 140, 141].flatMap((major) => [
  `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`,
  `Mozilla/5.0 (X11; Linux x86_64; rv:${major}.0) Gecko/20100101 Firefox/${major}.0`,
  `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.${major % 7} Mobile/15E148 Safari/604.1`,
]);

let nowMs = START;
const clock = () => nowMs;
const heap = () => {
  // What the first run finds unused is given back by the second.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const folder = mkdtempSync(join(tmpdir(), 'live-sessions-'));
const configuration = readConfiguration({ data: folder, port: '0' }, {});
const { openChdbStore } = await import('../../packages/server/dist/store/chdb-driver.js');
const store = await openChdbStore(folder);
await migrate(store, nowMs);
const enricher = await openEnricher(configuration);
await enricher.load();

const live = new LiveSessions(SESSIONS);
const limiter = await openRateLimiter({ redisUrl: '', pointsPerMinute: configuration.decisionLimit });
// Work that is put off is done when its time has come on the clock of the sessions.
const putOff = [];
const timer = { after: (milliseconds, run) => putOff.push({ atMs: nowMs + milliseconds, run }) };
function advance(timestampMs) {
  nowMs = timestampMs;
  for (let index = 0; index < putOff.length; index++) {
    if (putOff[index].atMs > nowMs) continue;
    const [{ run }] = putOff.splice(index--, 1);
    run();
  }
}
const throttle = new ThrottleService({
  store,
  timer,
  limiter,
  requestsPerMinute: configuration.decisionLimit,
  clock,
  subjectsMax: 2 * SESSIONS,
});
const feed = new LiveFeed({ clock });
const watch = new BotWatch({
  throttle,
  site: new SiteKnowledge(),
  rules: BOT_RULES,
  behaviorProfile: PROFILE,
  paths: new PathTable(),
  isFlagged: () => false,
  listener: {
    isListening: (projectId) => feed.isAwake(projectId),
    tell: (watched) => tellSessions(watched, { feed, watch, throttle, behaviorProfile: PROFILE }),
  },
});

// Texts of their own, as they come out of a hash.
const idOf = (index) => `v_${Buffer.from(`${index}abcdefghijklmnopqrstuv`).toString('latin1', 0, 22)}`;
const visitorOf = (index) => Buffer.from(`${index}0123456789abcdef0123456789abcdef`).toString('latin1', 0, 22);
const pageOf = (index, view) => (index * 7919 + view * 104_729 * ((index % 13) + 1)) % SITE_PAGES;

// One event that is filled in anew, so that making events takes no time. Their session bears the texts, as the ingest hands them on.
const event = {
  session: undefined,
  projectId: PROJECT,
  sessionId: '',
  visitorId: '',
  type: 'http_request',
  timestampMs: 0,
  receivedMs: 0,
  path: '',
  queryRole: undefined,
  requestKind: 'page',
  method: 'GET',
  statusCode: 200,
  referrer: '',
  interacted: false,
  failed: false,
};
const commit = [event];
const paths = Array.from({ length: SITE_PAGES }, (_, page) => `/articles/${page}`);
function fillIn(session, index, view, timestampMs) {
  event.session = session;
  event.sessionId = session.sessionId;
  event.visitorId = session.visitorId;
  event.timestampMs = timestampMs;
  event.receivedMs = timestampMs;
  event.path = paths[pageOf(index, view)];
  event.referrer = view === 0 ? '' : 'https://site.example/';
  session.lastMs = timestampMs;
}

await throttle.recover();
const before = heap();
const sessions = new Array(SESSIONS);
for (let index = 0; index < SESSIONS; index++) {
  const session = new LiveSession(idOf(index), visitorOf(index), false, START, START);
  const ip = `${1 + (index % 220)}.${(index >> 8) % 256}.${(index >> 16) % 256}.${index % 256}`;
  session.client = enricher.clientFacts({ ip, userAgent: USER_AGENTS[index % USER_AGENTS.length], headers: {} });
  live.add(PROJECT, session);
  sessions[index] = session;
}
for (let view = 0; view < PAGES_PER_SESSION; view++) {
  for (let index = 0; index < SESSIONS; index++) {
    // Half an hour for all of it, everybody with six minutes for a page.
    advance(START + view * PAGE_MS + Math.floor((index / SESSIONS) * PAGE_MS));
    fillIn(sessions[index], index, view, nowMs);
    watch.observe(commit);
  }
}
const bytes = heap() - before;

/**
 * Requests of one session after the other in a scattered order, none again before all had their turn: a session that grew by a page with
 * every measurement would take longer with each. A page view may be followed by requests for what the page is made of, as a web server
 * has them. The best of some rounds counts, for the machine does other things, too.
 */
const STRIDE = 48_271;
let taken = 0;
async function microseconds(work, assetsPerPage = 0) {
  const pageViews = Math.ceil(REQUESTS / (1 + assetsPerPage));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    advance(nowMs + 60_000);
    const start = performance.now();
    for (let at = 0; at < pageViews; at++) {
      taken++;
      const index = (taken * STRIDE) % SESSIONS;
      fillIn(sessions[index], index, PAGES_PER_SESSION + Math.floor(taken / SESSIONS), nowMs + Math.floor(at / 100));
      event.requestKind = 'page';
      await work();
      event.requestKind = 'asset';
      for (let asset = 0; asset < assetsPerPage; asset++) {
        event.path = ASSET_PATHS[asset];
        await work();
      }
    }
    best = Math.min(best, ((performance.now() - start) * 1000) / (pageViews * (1 + assetsPerPage)));
  }
  return best;
}
const nothing = await microseconds(() => undefined);
const nothingWithAssets = await microseconds(() => undefined, ASSET_PATHS.length);
const scoring = await microseconds(() => watch.observe(commit));
const decision = await microseconds(() => throttle.decide(event));
const observeAndDecide = () => {
  watch.observe(commit);
  return throttle.decide(event);
};
const both = await microseconds(observeAndDecide);
const bothWithAssets = await microseconds(observeAndDecide, ASSET_PATHS.length);
const library = new RateLimiterMemory({ points: configuration.decisionLimit, duration: 60 });
const bare = await microseconds(() => library.consume(event.visitorId).catch((refused) => refused));

console.log(
  JSON.stringify({
    sessions: SESSIONS,
    bytes,
    bytesPerSession: bytes / SESSIONS,
    rssBytes: process.memoryUsage().rss,
    // Without what the loop itself takes.
    scoringMicroseconds: scoring - nothing,
    decisionMicroseconds: decision - nothing,
    bothMicroseconds: both - nothing,
    bothWithAssetsMicroseconds: bothWithAssets - nothingWithAssets,
    limiterAloneMicroseconds: bare - nothing,
  }),
);
await throttle.close();
await store.close();
enricher.close();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
