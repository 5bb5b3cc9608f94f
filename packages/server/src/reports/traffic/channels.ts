import { sql } from '../../store/sql.js';
import { dimensionReport } from './dimension-report.js';

export const trafficChannels = dimensionReport(
  'channels',
  'Traffic channels',
  'Visits by channel: the default channel grouping of Google Analytics 4, with AI Assistant as a channel of its own. The first event of a session decides.',
  { channel: { value: sql`session.channel`, description: 'Direct, Organic Search, AI Assistant, Referral, ...; null: not known' } },
);
