import { sql } from '../../store/sql.js';
import { dimensionReport } from './dimension-report.js';

export const trafficGeo = dimensionReport(
  'geo',
  'Traffic by place',
  'Visits by where their addresses are registered, as the first event of each session says. Null: not known, or no database of places is set up.',
  {
    country: { value: sql`session.country`, description: 'ISO 3166-1 code of the country' },
    region: { value: sql`session.region`, description: 'Region of the country', within: ['country'] },
    city: { value: sql`session.city`, description: 'City', within: ['region', 'country'] },
    network: { value: sql`session.network`, description: 'Organisation whose network the address belongs to' },
    locale: { value: sql`session.locale`, description: 'First language that the browser asks for' },
  },
);
