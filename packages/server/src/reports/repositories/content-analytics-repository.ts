import { contentStats } from '../content/stats.js';
import { contentTop } from '../content/top.js';
import { contentTrends } from '../content/trends.js';
import type { PageEngagement } from './page-engagement-row.js';
import {
  type Compared,
  type RangeParameters,
  type RecordAnswer,
  ReportRepository,
  type TableAnswer,
  type TableParameters,
  type TrendAnswer,
  type TrendParameters,
} from './report-repository.js';
import type { IncludeFilter } from './traffic-analytics-repository.js';

/** What is counted of contents. */
export interface ContentMeasures extends PageEngagement {
  readonly views: number;
  readonly visitors: number;
  readonly sessions: number;
  readonly clicks: number;
}

/** All contents together. */
export interface ContentStats extends ContentMeasures {
  /** Different contents that were seen. */
  readonly contents: number;
}

/** One content. */
export interface ContentRow extends ContentMeasures {
  /** Its id, else the path of its page. */
  readonly content: string | null;
}

/**
 * What was read, by whom and how far: the reports `content ...`. A content is a content id, and where a page has none, its path.
 *
 * @example
 * const contents = new ContentAnalyticsRepository(product);
 * const { rows } = await contents.top('default', { sortBy: 'average_time_on_page_ms', limit: 1 });
 */
export class ContentAnalyticsRepository extends ReportRepository {
  /** All contents together, against the previous period. */
  stats(
    projectId: string,
    parameters: IncludeFilter & RangeParameters = {},
  ): Promise<RecordAnswer<Compared<ContentStats, 'views' | 'visitors' | 'average_time_on_page_ms'>>> {
    return this.read(contentStats, projectId, parameters);
  }

  /** Every content, most views first unless sorted otherwise. */
  top(projectId: string, parameters: IncludeFilter & TableParameters<ContentRow> = {}): Promise<TableAnswer<ContentRow, ContentMeasures>> {
    return this.read(contentTop, projectId, parameters);
  }

  /** All contents by the hour, day or week their sessions started in. */
  trends(projectId: string, parameters: IncludeFilter & TrendParameters = {}): Promise<TrendAnswer<ContentMeasures>> {
    return this.read(contentTrends, projectId, parameters);
  }
}
