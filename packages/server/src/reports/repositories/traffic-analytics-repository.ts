import type { BOUNCES, INCLUDED } from '../query/traffic-filters.js';
import { trafficBots } from '../traffic/bots.js';
import { trafficChannels } from '../traffic/channels.js';
import { trafficDevices } from '../traffic/devices.js';
import { trafficGeo } from '../traffic/geo.js';
import { trafficPages } from '../traffic/pages.js';
import { trafficSources } from '../traffic/sources.js';
import { trafficTrends } from '../traffic/trends.js';
import type { PageEngagement } from './page-engagement-row.js';
import {
  type DimensionColumns,
  ReportRepository,
  type TableAnswer,
  type TableParameters,
  type TrendAnswer,
  type TrendParameters,
} from './report-repository.js';

/** Whose visits count. */
export interface IncludeFilter {
  /** Those of people, of programs, or all. @default 'humans' */
  readonly include?: (typeof INCLUDED)[number] | undefined;
}

/** Which visits count, and which of them are bounces. */
export interface TrafficFilters extends IncludeFilter {
  /** `plausible`: exactly one event; `ga4`: not engaged; `pageview`: exactly one page view. @default 'plausible' */
  readonly bounce?: (typeof BOUNCES)[number] | undefined;
}

/** Parameters of a table of visits that is broken down by one of some dimensions. */
export interface TrafficParameters<Dimension extends string>
  extends TrafficFilters,
    TableParameters<DimensionColumns<Dimension> & TrafficMeasures> {
  /** What to break down by. @default the first of the dimensions */
  readonly by?: Dimension | undefined;
}

/** What is counted of visits. Shares from 0 to 1, null where there is nothing to share. */
export interface TrafficMeasures {
  readonly visitors: number;
  readonly sessions: number;
  readonly page_views: number;
  readonly bounce_rate: number | null;
  readonly average_duration_ms: number | null;
  readonly p50_duration_ms: number | null;
  readonly pages_per_session: number | null;
  readonly conversions: number;
  readonly converted_visitors: number;
  /** Converted visitors / all visitors of the range, whatever the row. */
  readonly conversion_rate: number | null;
}

/** Where visits can come from. */
export type SourceDimension = 'source' | 'host' | 'utm_source' | 'utm_medium' | 'utm_campaign' | 'utm_term' | 'utm_content';
/** Where visitors can be. */
export type GeoDimension = 'country' | 'region' | 'city' | 'network' | 'locale';
/** What visitors can use. */
export type DeviceDimension = 'device' | 'browser' | 'browser_version' | 'os';
/** What sessions can be told apart by as people and programs. */
export type BotDimension = 'class' | 'name' | 'category' | 'vendor' | 'purpose' | 'network';

/** Visits by where they came from, where their visitors are or what these use. */
export type TrafficRow<Dimension extends string> = DimensionColumns<Dimension> & TrafficMeasures;

/** Visits of one channel. */
export interface ChannelRow extends TrafficMeasures {
  readonly channel: string | null;
}

/** What is counted of pages. */
export interface PageMeasures extends PageEngagement {
  readonly page_views: number;
  readonly visitors: number;
  readonly sessions: number;
  readonly entries: number;
  readonly bounce_rate: number | null;
  readonly exits: number;
  readonly exit_rate: number | null;
  readonly errors: number;
}

/** One page. */
export interface PageRow extends PageMeasures {
  readonly page: string | null;
}

/** What is counted of people and programs. */
export interface BotMeasures {
  readonly sessions: number;
  readonly session_share: number | null;
  readonly visitors: number;
  readonly page_views: number;
  readonly http_requests: number;
  readonly failed_http_requests: number;
  readonly average_behavioral_score: number | null;
  readonly behavioral_bot_sessions: number;
  readonly average_layered_score: number | null;
  readonly layered_bot_sessions: number;
}

/** Sessions of one class, program, network, ... */
export type BotRow = DimensionColumns<BotDimension> & BotMeasures;

/** Visits of one bucket of time. */
export interface TrafficTrendRow extends Pick<TrafficMeasures, 'visitors' | 'sessions' | 'page_views' | 'bounce_rate'> {
  readonly bot_sessions: number;
  readonly bot_share: number | null;
}

/**
 * Who came, from where and with what: the reports `traffic ...`. Visits of people count unless `include` says otherwise.
 *
 * @example
 * const traffic = new TrafficAnalyticsRepository(product);
 * const { rows } = await traffic.sources('default', { by: 'source', since: '7d' });
 */
export class TrafficAnalyticsRepository extends ReportRepository {
  /** Visits by where they came from. */
  sources(
    projectId: string,
    parameters: TrafficParameters<SourceDimension> = {},
  ): Promise<TableAnswer<TrafficRow<SourceDimension>, TrafficMeasures>> {
    return this.read(trafficSources, projectId, parameters);
  }

  /** Visits by channel: direct, organic search, AI assistant, ... */
  channels(
    projectId: string,
    parameters: TrafficFilters & TableParameters<ChannelRow> = {},
  ): Promise<TableAnswer<ChannelRow, TrafficMeasures>> {
    return this.read(trafficChannels, projectId, parameters);
  }

  /** Visits by where their addresses are registered, or by language. */
  geo(
    projectId: string,
    parameters: TrafficParameters<GeoDimension> = {},
  ): Promise<TableAnswer<TrafficRow<GeoDimension>, TrafficMeasures>> {
    return this.read(trafficGeo, projectId, parameters);
  }

  /** Visits by device, browser or operating system. */
  devices(
    projectId: string,
    parameters: TrafficParameters<DeviceDimension> = {},
  ): Promise<TableAnswer<TrafficRow<DeviceDimension>, TrafficMeasures>> {
    return this.read(trafficDevices, projectId, parameters);
  }

  /** All sessions of web clients by who is behind them: people, ghosts, declared bots, AI crawlers, scanners, behavioural bots. */
  bots(
    projectId: string,
    parameters: TableParameters<BotRow> & { readonly by?: BotDimension | undefined } = {},
  ): Promise<TableAnswer<BotRow, BotMeasures>> {
    return this.read(trafficBots, projectId, parameters);
  }

  /** Every page with its views, entries, exits, time and errors. */
  pages(projectId: string, parameters: TrafficFilters & TableParameters<PageRow> = {}): Promise<TableAnswer<PageRow, PageMeasures>> {
    return this.read(trafficPages, projectId, parameters);
  }

  /** Visits by the hour, day or week they started in. */
  trends(projectId: string, parameters: TrafficFilters & TrendParameters = {}): Promise<TrendAnswer<TrafficTrendRow>> {
    return this.read(trafficTrends, projectId, parameters);
  }
}
