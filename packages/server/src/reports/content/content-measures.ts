import { sql } from '../../store/sql.js';
import type { Measure } from '../definition.js';
import { measure, renamed } from '../query/measure.js';
import { ENGAGEMENT_MEASURES } from '../query/page-engagement.js';
import { PAGE_VIEW_MEASURES, SEEN_CONTENT } from '../query/page-views.js';

/** Measures of what was seen of contents. */
export const CONTENT_VIEWS: readonly Measure[] = [
  renamed(PAGE_VIEW_MEASURES.page_views, 'views'),
  PAGE_VIEW_MEASURES.visitors,
  PAGE_VIEW_MEASURES.sessions,
];

export const CONTENTS = measure(
  'contents',
  'integer',
  null,
  'Different contents that were seen',
  sql`uniqExact(cityHash64(${SEEN_CONTENT}))`,
);

/** Measures of what visitors did there. */
export const CONTENT_ENGAGEMENT: readonly Measure[] = Object.values(ENGAGEMENT_MEASURES);

/** What a content is, for the descriptions of its reports. */
export const CONTENT_RULE = 'A content is a content id, and where a page has none, its path.';
