// npm start: everything from a fresh checkout to a running server. Arguments go to `serve`, as in `npm start -- --demo`.
import { prepare } from './prepare.mjs';

prepare();
const { run } = await import('../packages/server/dist/cli/main.js');
process.exitCode = await run(['serve', ...process.argv.slice(2)]);
