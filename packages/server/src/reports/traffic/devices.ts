import { sql } from '../../store/sql.js';
import { dimensionReport } from './dimension-report.js';

export const trafficDevices = dimensionReport(
  'devices',
  'Devices',
  'Visits by device, browser or operating system, as the first event of each session says. Null: not known.',
  {
    device: { value: sql`session.device_type`, description: 'desktop, mobile, tablet, tv or bot' },
    browser: { value: sql`session.browser`, description: 'Name of the browser' },
    browser_version: { value: sql`session.browser_version`, description: 'Version of the browser', within: ['browser'] },
    os: { value: sql`session.os`, description: 'Operating system with its version' },
  },
);
