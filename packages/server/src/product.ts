import { join } from 'node:path';
import { type ContentRouting, defaultContentRouting, PathTable, type PriceBook } from '@systemprompt-analytics/core';
import { AnomalyDetectionService } from './anomalies/anomaly-detection-service.js';
import { BotVerdicts } from './bots/bot-verdicts.js';
import { BotWatch } from './bots/bot-watch.js';
import { LiveDecisions } from './bots/live-decisions.js';
import { readBotRules } from './bots/read-bot-rules.js';
import { restoreWatched } from './bots/restore-watched.js';
import { SessionVerdicts } from './bots/session-verdicts.js';
import { SiteKnowledge } from './bots/site-knowledge.js';
import { tellSessions } from './bots/tell-sessions.js';
import { throttledSession } from './bots/throttled-session.js';
import type { ServerConfiguration } from './configuration.js';
import { identifyBot } from './enrichment/bot-identity.js';
import type { BotIdentity } from './enrichment/client-facts.js';
import { type Enricher, openEnricher } from './enrichment/enrich.js';
import type { GeoIpReader } from './enrichment/geo.js';
import { FingerprintRepository } from './fingerprints/fingerprint-repository.js';
import { findNewestVersion } from './ingest/attribute-traces.js';
import { EventMover } from './ingest/event-mover.js';
import { IngestPipeline } from './ingest/ingest-pipeline.js';
import { IngestService } from './ingest/ingest-service.js';
import { Journal } from './ingest/journal.js';
import { PageReader } from './ingest/page-reader.js';
import { storedIp } from './ingest/stored-ip.js';
import { LiveFeed } from './live/live-feed.js';
import { loadPriceBook } from './prices/load-price-book.js';
import { Erasure } from './privacy/erasure.js';
import { Retention } from './privacy/retention.js';
import { KeyRepository } from './projects/key-repository.js';
import { ProjectRepository } from './projects/project-repository.js';
import type { ReportDefinition } from './reports/definition.js';
import { type ReportAnswer, runReport } from './reports/run-report.js';
import { AnalyticsService } from './sessions/analytics-service.js';
import { OriginBackfill } from './sessions/origin-backfill.js';
import { OriginReader } from './sessions/origin-reader.js';
import { restoreLiveSessions } from './sessions/restore-live-sessions.js';
import { SessionCleanupService } from './sessions/session-cleanup-service.js';
import type { Mark } from './sessions/session-mark.js';
import { SessionMerges } from './sessions/session-merges.js';
import { SessionRepository } from './sessions/session-repository.js';
import { SessionSnapshots } from './sessions/session-snapshots.js';
import { openVisits } from './sessions/visits.js';
import { migrate } from './store/migrations.js';
import { openStore } from './store/open-store.js';
import type { Store } from './store/store.js';
import type { DecisionMaker } from './throttle/decision-maker.js';
import { openThrottle } from './throttle/open-throttle.js';
import type { ThrottleService } from './throttle/throttle-service.js';
import type { Timer } from './timer.js';

/** Everything the product does, without HTTP: what the server serves and what an application may use as a library. */
export interface Product {
  readonly configuration: ServerConfiguration;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly store: Store;
  readonly prices: PriceBook;
  readonly mover: EventMover;
  readonly pipeline: IngestPipeline;
  readonly ingest: IngestService;
  readonly snapshots: SessionSnapshots;
  readonly sessions: SessionRepository;
  readonly analytics: AnalyticsService;
  readonly originBackfill: OriginBackfill;
  readonly erasure: Erasure;
  readonly enricher: Enricher;
  readonly retention: Retention;
  readonly throttle: ThrottleService;
  readonly fingerprints: FingerprintRepository;
  readonly anomalies: AnomalyDetectionService;
  readonly live: LiveFeed;
  readonly decisions: DecisionMaker;
  readonly verdicts: BotVerdicts;
  readonly cleanup: SessionCleanupService;
  readonly projects: ProjectRepository;
  readonly keys: KeyRepository;
  /**
   * Answers a report of a project, with everything that was acknowledged before the call in it.
   *
   * @param parameters as in a query string; what is absent has its default
   * @throws AnalyticsError `unknown_project`, `unknown_parameter`, `invalid_parameter`, `query_too_expensive` or `store_unavailable`
   */
  report(definition: ReportDefinition, projectId: string, parameters: Readonly<Record<string, string>>): Promise<ReportAnswer>;
  /** Stores what was submitted, brings events and sessions up to date and closes the store. */
  close(): Promise<void>;
}

export interface ProductOptions {
  /** UTC milliseconds. @default Date.now */
  readonly clock?: () => number;
  /** Works in the background; without one events and sessions are brought up to date before a report only. */
  readonly timer?: Timer;
  /** Told of work in the background that failed; it is repeated. */
  readonly onFailure?: (error: unknown) => void;
  /** Opens the store. @default the one the configuration names */
  readonly openStore?: (configuration: ServerConfiguration) => Promise<Store>;
  /** Tells where addresses are. @default the database that the configuration names, or the installed one */
  readonly geoReader?: GeoIpReader;
  /** Says which paths are pages, and which content they show. @default by the patterns of the configuration */
  readonly routing?: ContentRouting;
}

/**
 * Opens the store, brings its schema up to date and repairs what a killed process left behind.
 *
 * @throws AnalyticsError `folder_in_use`, `store_unavailable` or `invalid_configuration`
 */
export async function openProduct(configuration: ServerConfiguration, options: ProductOptions = {}): Promise<Product> {
  const { clock = Date.now, openStore: open = openStore, timer, onFailure = () => undefined, geoReader } = options;
  const { routing = defaultContentRouting(configuration.contentPatterns) } = options;
  const prices = loadPriceBook(configuration.priceFile);
  const stores = await openStores(() => open(configuration));
  try {
    const { store, movingStore, commitStore } = stores;
    await migrate(store, clock());
    const projects = new ProjectRepository(store, clock);
    await projects.ensureDefault();
    const enricher = await openEnricher(geoReader === undefined ? configuration : { ...configuration, geoReader });
    // Beside everything else, so that a server is ready before it knows the networks of addresses; its first events wait for them.
    let loading: Promise<void> | undefined;
    const loadNetworks = async (): Promise<void> => {
      loading ??= enricher.load().catch(onFailure);
      await loading;
    };
    timer?.after(0, () => void loadNetworks());
    const { behaviorProfile } = configuration;
    const site = new SiteKnowledge();
    const paths = new PathTable();
    const rules = readBotRules(configuration.botRulesFile);
    const identify = (userAgent: string): BotIdentity => identifyBot({ userAgent, brands: '', signatureAgent: '' });
    const judge = new SessionVerdicts({ store, clock, rules, site, paths, identify });
    const snapshots = new SessionSnapshots(store, {
      clock,
      timer,
      verdicts: judge,
      behaviorProfile,
      retentionDays: configuration.retentionDays,
    });
    const mark = (projectId: string, sessionId: string): void => snapshots.mark(projectId, sessionId);
    const merges = new SessionMerges(movingStore, clock, mark);
    const mover = new EventMover(movingStore, new Journal(join(configuration.dataFolder, JOURNAL_FOLDER)), {
      moveAtOnce: store.topology !== 'embedded',
      clock,
      timer,
      onFailure,
      newestVersion: await findNewestVersion(store),
      onSession: mark,
      follower: merges,
    });
    const catchUp = async (): Promise<void> => {
      await mover.move();
      await snapshots.refresh();
    };
    await mover.recover();
    await merges.recover();
    await snapshots.recover();
    const visits = openVisits({
      configuration,
      store: commitStore,
      clock,
      origins: new OriginReader(enricher, timer === undefined ? async () => undefined : loadNetworks),
      merges,
      catchUp,
    });
    await restoreLiveSessions(store, visits.live, { nowMs: clock(), gapMs: configuration.sessionGapMs });
    await restoreWatched(store, { live: visits.live, paths, identify });
    // Beside everything else: it reads all pages, and nothing is judged before it is done.
    const knowing = site.restore(store).catch(onFailure);
    if (timer === undefined) await knowing;
    const fingerprints = new FingerprintRepository({
      store,
      clock,
      timer,
      onFailure,
      settle: () => mover.move(),
      onCleared: (projectId, fingerprint) => {
        const sessionIds = visits.live.ofVisitor(projectId, fingerprint).map(({ sessionId }) => sessionId);
        return pardon(projectId, fingerprint, sessionIds);
      },
      findRecentSession: async (projectId, fingerprint) => (await sessions.findRecentByFingerprint(projectId, fingerprint))?.sessionId,
    });
    await fingerprints.recover();
    const throttle = await openThrottle(store, configuration, { clock, timer, onFailure });
    // What was concluded from before a person spoke for them must not go on slowing them down.
    const pardon = async (projectId: string, visitorId: string, sessionIds: readonly string[]): Promise<void> => {
      for (const id of sessionIds) await throttle.release({ projectId, kind: 'session', id });
      if (visitorId !== '') await throttle.release({ projectId, kind: 'fingerprint', id: visitorId });
    };
    const live = new LiveFeed({ clock, timer });
    const watch = new BotWatch({
      throttle,
      site,
      rules,
      behaviorProfile,
      paths,
      isFlagged: (projectId, visitorId) => fingerprints.isFlaggedByHand(projectId, visitorId),
      listener: {
        isListening: (projectId) => live.isAwake(projectId),
        tell: (watched) => tellSessions(watched, { feed: live, watch, throttle, behaviorProfile }),
      },
    });
    const anomalies = await AnomalyDetectionService.open(store, {
      clock,
      timer,
      onFailure,
      onChange: (change) => live.publishAnomaly(change.anomaly.project_id, change),
      storedIp: (ip) => storedIp(ip, configuration.ipPrivacy),
    });
    const decisions = new LiveDecisions({ ...visits, throttle, watch, identify });
    const pages = new PageReader(routing, configuration.queryParameters);
    const { bufferEventsMax, bufferBytesMax } = configuration;
    const pipeline = new IngestPipeline(commitStore, mover, {
      bufferEventsMax,
      bufferBytesMax,
      sessions: visits.assignment,
      observers: [watch, fingerprints, anomalies, live],
    });
    const sessions = new SessionRepository({
      store,
      clock,
      live: visits.live,
      catchUp,
      onSession: mark,
      throttleLevelOf: (projectId, sessionId, visitorId) => throttle.higherLevelOf(projectId, sessionId, visitorId).level,
      onUserMigrated: async (projectId, from, into) => void (await fingerprints.mergeUsers(projectId, from, into)),
    });
    const erasure = new Erasure({
      store: movingStore,
      catchUp,
      forget: async (projectId, sessionIds, visitorIds, userIds) => {
        visits.live.forget(projectId, sessionIds, visitorIds);
        live.forget(projectId);
        await anomalies.forget(projectId, { userIds, visitorIds });
        await throttle.forget(projectId, sessionIds, visitorIds);
        await fingerprints.forget(projectId, visitorIds, sessionIds, userIds);
      },
      onSession: mark,
    });
    const noteMark = async (projectId: string, sessionId: string, said: Mark): Promise<void> => {
      const session = visits.live.find(projectId, sessionId);
      if (session !== undefined) session.mark = said;
      if (said === 'human') await pardon(projectId, session?.visitorId ?? '', [sessionId]);
    };
    const cleanup = new SessionCleanupService({
      sessions,
      projectIds: async () => (await projects.list()).map((project) => project.project_id),
      inactiveHours: configuration.sessionEndHours,
      timer,
      onFailure,
    });
    if (configuration.sessionEndHours > 0) cleanup.start();
    const retention = new Retention({ store: movingStore, clock, catchUp, days: configuration.retentionDays, timer, onFailure });
    retention.start();
    return {
      configuration,
      clock,
      store,
      prices,
      mover,
      pipeline,
      ingest: new IngestService({
        configuration,
        prices,
        pipeline,
        clock,
        pages,
        throttledSession: (projectId, sessionId, visitorId) => throttledSession(throttle, projectId, sessionId, visitorId),
      }),
      sessions,
      analytics: new AnalyticsService({ ...configuration, enricher, sessions, salts: visits.salts, clock, routing }),
      originBackfill: new OriginBackfill({
        store: movingStore,
        enricher,
        catchUp,
        onSession: mark,
        clock,
        retentionDays: configuration.retentionDays,
      }),
      erasure,
      enricher,
      retention,
      cleanup,
      throttle,
      anomalies,
      live,
      decisions,
      verdicts: new BotVerdicts({ store, clock, catchUp, onSession: mark, onMark: noteMark }),
      fingerprints,
      snapshots,
      projects,
      keys: new KeyRepository(store, clock),
      report: async (definition, projectId, parameters) => {
        const { time_zone: timeZone } = await projects.get(projectId);
        await mover.move();
        return runReport(definition, { projectId, timeZone, parameters, nowMs: clock() }, store, () => snapshots.refresh());
      },
      close: async () => {
        cleanup.stop();
        retention.stop();
        await pipeline.drain();
        await anomalies.close();
        await fingerprints.close();
        await throttle.close();
        await mover.stop();
        await snapshots.stop();
        await stores.close();
        enricher.close();
      },
    };
  } catch (error) {
    await stores.close();
    throw error;
  }
}

/** Three connections to the same data, so that what takes long on one does not hold up the others. */
interface Stores {
  /** Reports and everything else. */
  readonly store: Store;
  /** Moves events into their tables, thousands at a time. */
  readonly movingStore: Store;
  /** Acknowledges; nothing takes long there. */
  readonly commitStore: Store;
  close(): Promise<void>;
}

async function openStores(open: () => Promise<Store>): Promise<Stores> {
  const opened = [await open()] as [Store, ...Store[]];
  const close = async (): Promise<void> => {
    for (const store of opened.toReversed()) await store.close();
  };
  try {
    const [store] = opened;
    const movingStore = await store.connect();
    opened.push(movingStore);
    const commitStore = await store.connect();
    opened.push(commitStore);
    return { store, movingStore, commitStore, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Folder of the journal, beside the engine's own. */
const JOURNAL_FOLDER = 'journal';
