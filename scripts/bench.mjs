// npm run bench: builds what changed and measures it. Arguments go to bench/run.mjs.
import { prepare, ROOT, run } from './prepare.mjs';

prepare();
run(process.execPath, [`${ROOT}bench/run.mjs`, ...process.argv.slice(2)], 'The benchmark failed; the reason is above.');
