import { resolve } from 'node:path';
import { SETTINGS } from '../configuration.js';
import { isLoopbackBind } from '../http/http-server.js';
import type { RunningServer } from './start-server.js';

/** What a person who has just started the server needs: where it is and three lines to copy. */
export function greet(server: RunningServer, options: { readonly demoProject?: string | undefined }): string {
  const { url, defaultWriteKey, product } = server;
  const { dataFolder, keylessLoopback, clickhouseUrl, host } = product.configuration;
  const store = clickhouseUrl === '' ? `embedded, in ${dataFolder}` : `ClickHouse at ${new URL(clickhouseUrl).host}`;
  const key = defaultWriteKey ?? 'none; make one with: systemprompt-analytics keys create --kind write';
  const bearer = defaultWriteKey ?? 'KEY';
  // Commands look for the running server in the default folder; any other has to be named.
  const named = dataFolder === resolve(SETTINGS.data.fallback) ? '' : ` --data ${shellWord(dataFolder)}`;
  const event = '{"type":"ai_request","provider":"openai","model":"gpt-4.1-mini","input_tokens":1200,"output_tokens":80,"agent":"hello"}';
  const lines = [
    `systemprompt-analytics listens on ${url}`,
    '',
    `  store      ${store}`,
    `  API        ${url}/docs`,
    `  write key  ${key}`,
    `  access     ${keylessLoopback && isLoopbackBind(host) ? 'programs on this machine need no key' : 'every request needs a key'}`,
    '',
    'Send an event, send OpenTelemetry traces, ask what it cost:',
    '',
    `  curl ${url}/v1/events -H 'Authorization: Bearer ${bearer}' -d '${event}'`,
    `  export OTEL_EXPORTER_OTLP_ENDPOINT=${url} OTEL_EXPORTER_OTLP_HEADERS='Authorization=Bearer%20${bearer}'`,
    `  npx systemprompt-analytics costs breakdown --by model${named}`,
    '',
  ];
  if (options.demoProject !== undefined) {
    lines.push(
      `Made-up data is in the project "${options.demoProject}":`,
      '',
      `  npx systemprompt-analytics overview --since 7d --project ${options.demoProject}${named}`,
      `  npx systemprompt-analytics traffic sources --since 7d --project ${options.demoProject}${named}`,
      `  npx systemprompt-analytics traffic bots --since 7d --project ${options.demoProject}${named}`,
      '',
    );
  }
  return `${lines.join('\n')}\n`;
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
