import { openChdbStore } from '../../packages/server/dist/store/chdb-driver.js';
import { migrate } from '../../packages/server/dist/store/migrations.js';
import { percentile } from './load.mjs';
import { withFolder, withProduct } from './processes.mjs';

const DAYS = 30;
const RUNS = 20;
const ROWS_PER_INSERT = 1_000_000;

/** @param {{ events: number, requests: number, say: (line: string) => void }} size */
export async function benchReports({ events, requests, say }) {
  return withFolder(async (folder) => {
    const empty = await withFolder((other) =>
      withProduct(other, async ({ readyMs, residentMiB }) => ({ readyMs, resident: residentMiB() })),
    );
    say(`reports: filling a store with ${events} events and ${requests} model calls over ${DAYS} days`);
    await fill(folder, events, requests, say);
    return withProduct(folder, async ({ url, token, readyMs, residentMiB }) => {
      const idle = residentMiB();
      const get = async (path) => {
        const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
        const text = await response.text();
        if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
        return text;
      };
      const { reports } = JSON.parse(await get('/v1/reports'));
      const rows = [
        {
          what: 'ready on an empty folder',
          measured: `${Math.round(empty.readyMs)} ms`,
          target: '<= 1,500 ms',
          detail: `${empty.resident} MiB resident`,
        },
        {
          what: `ready with ${events} events`,
          measured: `${Math.round(readyMs)} ms`,
          target: '<= 3,000 ms',
          detail: `${idle} MiB resident, target <= 350`,
        },
      ];
      for (const report of reports) {
        const query = new URLSearchParams(report.parameters.some(({ name }) => name === 'since') ? { since: `${DAYS}d` } : {});
        for (const parameter of report.parameters) if (parameter.positional) query.set(parameter.name, EXAMPLES[parameter.name]);
        const path = `${report.path}?${query}`;
        // Warm.
        await get(path);
        const latencies = [];
        for (let run = 0; run < RUNS; run++) {
          const start = performance.now();
          await get(path);
          latencies.push(performance.now() - start);
        }
        latencies.sort((a, b) => a - b);
        const p95 = percentile(latencies, 0.95);
        say(`reports: ${report.group} ${report.name} ${p95.toFixed(0)} ms`);
        rows.push({
          what: `${report.group} ${report.name}, ${DAYS} days`,
          measured: `p95 ${p95.toFixed(0)} ms`,
          target: report.group === 'overview' ? '<= 400 ms' : '<= 250 ms',
          detail: `p50 ${percentile(latencies, 0.5).toFixed(0)} ms`,
        });
      }
      rows.push({ what: 'memory after the reports', measured: `${residentMiB()} MiB resident`, target: '<= 1,024 MiB', detail: '' });
      return rows.map((row) => ({ beside: '', ratio: null, ...row }));
    });
  });
}

const EXAMPLES = { agent: 'agent-1', tool: 'tool-1' };

/** Straight into the tables: what is measured is reading, and 12 million events through HTTP would take minutes. */
export async function fill(folder, events, requests, say) {
  const store = await openChdbStore(folder);
  const run = (text) => store.command({ text, binds: {} }, { seconds: 600 });
  await migrate(store, Date.now());
  const spread = (count) =>
    `toDateTime64(now() - ${DAYS} * 86400, 3, 'UTC') + toIntervalMillisecond(intDiv(number * ${DAYS * 86_400_000}, ${count}))`;
  const sessions = Math.ceil(events / 10);
  const common = (
    count,
    prefix,
  ) => `'default' AS project_id, concat('${prefix}-', toString(generateUUIDv4())) AS event_id, ${spread(count)} AS timestamp,
    timestamp AS received_at, 1 AS version, concat('s', toString(intDiv(number * ${sessions}, ${count}))) AS session_id, 'own' AS session_id_source,
    concat('u', toString(number % 20011)) AS user_id`;
  const parts = [
    [
      'analytics_events',
      events,
      `${common(events, 'e')}, if(number % 12 = 0, 'link_click', 'page_view') AS event_type, 'navigation' AS event_category, 'info' AS severity,
      concat('https://site.example/page-', toString(number % 500)) AS page_url, concat('/page-', toString(number % 500)) AS page_path, 'site.example' AS page_host`,
    ],
    [
      'ai_requests',
      requests,
      `${common(requests, 'r')}, concat('agent-', toString(number % 12)) AS agent, concat('c', toString(intDiv(number, 8))) AS context_id,
      concat('t', toString(intDiv(number, 4))) AS task_id, arrayElement(['openai', 'anthropic', 'google'], 1 + number % 3) AS provider,
      concat('model-', toString(number % 9)) AS model, 500 + number % 4000 AS input_tokens, number % 2000 AS cache_read_tokens, number % 600 AS output_tokens,
      true AS usage_reported, if(number % 50 = 0, NULL, toDecimal128(number % 90000, 12) / 10000000) AS cost, if(number % 33 = 0, 'failed', 'success') AS status,
      200 + number % 5000 AS latency_ms, map('team', concat('team-', toString(number % 8))) AS properties`,
    ],
    [
      'mcp_tool_executions',
      requests / 2,
      `${common(requests / 2, 'x')}, concat('agent-', toString(number % 12)) AS agent, concat('tool-', toString(number % 40)) AS tool,
      concat('server-', toString(number % 5)) AS server, if(number % 25 = 0, 'failed', 'success') AS status, number % 3000 AS duration_ms`,
    ],
    [
      'http_requests',
      events / 2,
      `${common(events / 2, 'h')}, if(number % 10 = 0, 'other', 'asset') AS request_kind, 'GET' AS method, if(number % 40 = 0, 404, 200) AS status_code,
      concat('/asset-', toString(number % 300), '.css') AS page_path, 'site.example' AS page_host`,
    ],
    [
      'engagement_events',
      events / 5,
      `${common(events / 5, 'g')}, 'engagement' AS event_type, concat('/page-', toString(number % 500)) AS page_path, 'site.example' AS page_host,
      number % 90000 AS time_on_page_ms, number % 101 AS max_scroll_depth, number % 4 AS clicks`,
    ],
    ['task_messages', requests / 2, `${common(requests / 2, 'm')}, concat('c', toString(intDiv(number, 4))) AS context_id, 'user' AS role`],
  ];
  for (const [table, count, columns] of parts) {
    say(`reports: ${table}, ${count} rows`);
    for (let first = 0; first < count; first += ROWS_PER_INSERT) {
      await run(
        `INSERT INTO ${table} (${namesOf(columns)}) SELECT ${columns} FROM numbers(${first}, ${Math.min(ROWS_PER_INSERT, count - first)})`,
      );
    }
    await run(`INSERT INTO event_ids SELECT cityHash64(event_id), sipHash64(event_id) FROM ${table}`);
  }
  const tasks = Math.ceil(requests / 4);
  await run(`INSERT INTO agent_task_states (project_id, task_id, received_at, timestamp, started_at, completed_at, status, agent, session_id)
    SELECT 'default', concat('t', toString(number)), ${spread(tasks)} AS at, at, at, at + toIntervalMillisecond(1000 + number % 9000),
    concat('1', repeat('0', 16), if(number % 20 = 0, 'failed', 'completed')), concat(repeat('0', 16), 'agent-', toString(number % 12)), concat(repeat('0', 16), 's', toString(number)) FROM numbers(${tasks})`);
  await run('INSERT INTO agent_tasks SELECT *, 1 FROM merged_agent_tasks');
  const snapshot = `'default' AS project_id, concat('s', toString(number)) AS session_id, 1 AS version, ${spread(sessions)} AS computed_at,
    concat('u', toString(number % 20011)) AS user_id, 'web' AS session_source, computed_at AS started_at, computed_at AS first_activity_at,
    computed_at + toIntervalMinute(number % 30) AS last_event_at, last_event_at AS last_activity_at, 13 AS events, 10 AS page_views, 2 AS requests,
    1 AS tool_executions, 1 AS messages, 4000 AS input_tokens, 1000 AS cache_read_tokens, 500 AS output_tokens,
    toDecimal128(number % 90000, 12) / 10000000 AS cost, 10 AS web_events, 5 AS http_requests, 4 AS asset_requests, 2 AS engagements,
    hex(cityHash64(number % 400009)) AS visitor_id, arrayElement(['human', 'human', 'bot', 'ghost', 'ai_crawler'], 1 + number % 5) AS traffic_class,
    traffic_class = 'bot' AS is_bot, arrayElement(['desktop', 'mobile', 'tablet'], 1 + number % 3) AS device_type,
    arrayElement(['Chrome', 'Safari', 'Firefox', 'Edge'], 1 + number % 4) AS browser, toString(100 + number % 40) AS browser_version,
    arrayElement(['DE', 'US', 'FR', 'IN', 'BR', 'JP'], 1 + number % 6) AS country, concat('source-', toString(number % 60)) AS referrer_source,
    concat('source-', toString(number % 60), '.example') AS referrer_host, arrayElement(['Direct', 'Referral', 'Organic Search'], 1 + number % 3) AS channel,
    concat('/page-', toString(number % 500)) AS entry_page, concat('/page-', toString(number % 499)) AS exit_page, number % 60 AS behavioral_bot_score`;
  await run(`INSERT INTO user_sessions (${namesOf(snapshot)}) SELECT ${snapshot} FROM numbers(${sessions})`);
  say('reports: merging closed weeks, as the engine does an hour after they close');
  for (const [table] of parts) await run(`OPTIMIZE TABLE ${table} FINAL`);
  for (const table of ['agent_task_states', 'agent_tasks', 'user_sessions', 'event_ids']) await run(`OPTIMIZE TABLE ${table} FINAL`);
  await store.close();
}

function namesOf(columns) {
  return [...columns.matchAll(/ AS (\w+)(?=,|\s*$)/g)].map(([, name]) => name).join(', ');
}
