import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Root of the checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODE_VERSION_MIN = [20, 19];

/** Installs what the lockfile names, unless that was done since it changed, and compiles what changed. */
export function prepare() {
  requireNode();
  if (mustInstall()) {
    console.log('Installing dependencies (the embedded engine is a download of about 180 MB)…');
    run('npm', ['ci', '--no-audit', '--no-fund'], 'The installation failed; npm says why above.');
  }
  removeStaleBuild();
  run(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, '--build'], 'The build failed; the compiler says why above.');
}

/** The compiler never removes what it made of a source that is gone, and a package would carry it along. */
function removeStaleBuild() {
  for (const name of ['core', 'server']) {
    const folder = `${ROOT}packages/${name}/`;
    if (!existsSync(`${folder}dist`)) continue;
    for (const file of readdirSync(`${folder}dist`, { recursive: true })) {
      const source = String(file).replace(/(?:\.d)?\.[jt]s(?:\.map)?$/, '.ts');
      if (source !== String(file) && !existsSync(`${folder}src/${source}`)) rmSync(`${folder}dist/${file}`);
    }
  }
}

/** Runs a program of the checkout and ends this one when it fails. */
export function run(program, args, failure) {
  const { status, error } = spawnSync(program, args, {
    cwd: ROOT,
    stdio: 'inherit',
    shell: process.platform === 'win32' && program === 'npm',
  });
  if (status === 0) return;
  console.error(error === undefined ? failure : `${failure} ${error.message}`);
  process.exit(status ?? 1);
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = NODE_VERSION_MIN;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  console.error(`Node ${process.versions.node} is too old: install Node ${NODE_VERSION_MIN.join('.')} or newer, see https://nodejs.org.`);
  process.exit(1);
}

/** npm writes this file last, so a cut-off installation is begun again. */
function mustInstall() {
  const installed = `${ROOT}node_modules/.package-lock.json`;
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(`${ROOT}package-lock.json`).mtimeMs;
}
