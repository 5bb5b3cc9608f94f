// npm test: everything from a fresh checkout to a verdict. The last line is "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, ROOT, run } from './prepare.mjs';

prepare();
run(
  process.execPath,
  [`${ROOT}node_modules/@biomejs/biome/bin/biome`, 'check', '.'],
  'The linter found faults; `npm run format` corrects most of them.',
);

run(
  process.execPath,
  [`${ROOT}node_modules/typescript/bin/tsc`, '--project', `${ROOT}tsconfig.tests.json`],
  'The types of the tests do not fit; the compiler says where.',
);

const folder = mkdtempSync(join(tmpdir(), 'systemprompt-analytics-verdict-'));
const outcomeFile = join(folder, 'outcome.json');
try {
  const { status } = spawnSync(
    process.execPath,
    [
      `${ROOT}node_modules/vitest/vitest.mjs`,
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${outcomeFile}`,
      ...process.argv.slice(2),
    ],
    { cwd: ROOT, stdio: 'inherit' },
  );
  const outcome = JSON.parse(readFileSync(outcomeFile, 'utf8'));
  // A file that cannot be loaded has no failed test but fails; a test that was skipped or left open is no success either.
  const brokenFiles = outcome.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = outcome.numFailedTests + brokenFiles + outcome.numPendingTests + outcome.numTodoTests;
  console.log(`${outcome.numPassedTests} passed, ${failed} failed`);
  process.exitCode = failed > 0 || outcome.numPassedTests === 0 ? 1 : (status ?? 1);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
