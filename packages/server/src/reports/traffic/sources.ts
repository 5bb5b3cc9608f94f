import { sql } from '../../store/sql.js';
import { dimensionReport } from './dimension-report.js';

export const trafficSources = dimensionReport(
  'sources',
  'Traffic sources',
  'Visits by where they came from, as the first event of each session says. Null: direct, or nothing is known. A referrer bears the name of its search engine, social site or AI assistant where it is known, else its own; its host stands beside it with by=host.',
  {
    source: { value: sql`session.referrer_source`, description: 'Name of the search engine, social site, AI assistant or site' },
    host: { value: sql`session.referrer_host`, description: 'Host of the referrer', within: ['source'] },
    utm_source: { value: sql`session.utm_source`, description: 'utm_source of the entry address' },
    utm_medium: { value: sql`session.utm_medium`, description: 'utm_medium of the entry address' },
    utm_campaign: { value: sql`session.utm_campaign`, description: 'utm_campaign of the entry address' },
    utm_term: { value: sql`session.utm_term`, description: 'utm_term of the entry address' },
    utm_content: { value: sql`session.utm_content`, description: 'utm_content of the entry address' },
  },
);
