// npm run bench [-- --full] [-- --only ingest|reports|live]: measures, prints a table and writes results.json beside this file.
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchIngest } from './src/ingest-bench.mjs';
import { benchLive } from './src/live-bench.mjs';
import { benchReports } from './src/report-bench.mjs';

const { values } = parseArgs({ options: { full: { type: 'boolean', default: false }, only: { type: 'string' } } });
const PARTS = ['ingest', 'reports', 'live'];
if (values.only !== undefined && !PARTS.includes(values.only)) {
  console.error(`--only is ${JSON.stringify(values.only)}; allowed: ${PARTS.join(', ')}.`);
  process.exit(2);
}
const started = performance.now();
const say = (line) => console.error(`[${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s] ${line}`);
const size = values.full
  ? {
      ingest: { events: 500_000, singles: 20_000, spans: 300_000 },
      reports: { events: 10_000_000, requests: 2_000_000 },
      live: { sessions: 100_000 },
    }
  : {
      ingest: { events: 100_000, singles: 5_000, spans: 60_000 },
      reports: { events: 1_000_000, requests: 200_000 },
      live: { sessions: 10_000 },
    };

const rows = [];
const isWanted = (part) => values.only === undefined || values.only === part;
if (isWanted('ingest')) rows.push(...(await benchIngest({ ...size.ingest, say })));
if (isWanted('reports')) rows.push(...(await benchReports({ ...size.reports, say })));
if (isWanted('live')) rows.push(...benchLive({ ...size.live, say }));

const machine = `${cpus().length} CPUs (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${process.platform}`;
console.log(`\n${machine}; ${values.full ? 'full size' : 'small size, --full for the full one'}\n`);
const table = [
  ['what', 'measured', 'beside', 'ratio', 'target', 'detail'],
  ...rows.map((row) => [row.what, row.measured, row.beside, percent(row.ratio), row.target, row.detail]),
];
const widths = table[0].map((_, column) => Math.max(...table.map((cells) => cells[column].length)));
table.splice(
  1,
  0,
  widths.map((width) => '-'.repeat(width)),
);
for (const cells of table) console.log(`| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`);
writeFileSync(new URL('./results.json', import.meta.url), `${JSON.stringify({ machine, full: values.full, rows }, null, 2)}\n`);

function percent(ratio) {
  return ratio === null ? '' : `${(ratio * 100).toFixed(0)} %`;
}
