// npm run verify: builds what changed and compares imported totals with independent ones. Arguments go to bench/verify-import.mjs.
import { prepare, ROOT, run } from './prepare.mjs';

prepare();
run(
  process.execPath,
  [`${ROOT}bench/verify-import.mjs`, ...process.argv.slice(2)],
  'The totals could not be verified; the reason is above.',
);
