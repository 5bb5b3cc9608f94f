import { ERROR_CODES } from '@systemprompt-analytics/core';
import type { Json, JsonValue } from './openapi.js';

/** The API document as one page without scripts or foreign resources. */
export function renderDocumentation(api: Json): string {
  const info = record(api['info']);
  const operations = Object.entries(record(api['paths'])).flatMap(([path, methods]) =>
    Object.entries(record(methods)).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation: record(operation) })),
  );
  const schemas = record(record(api['components'])['schemas']);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(text(info['title']))} API</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(text(info['title']))} ${escapeHtml(text(info['version']))}</h1>
<p>${escapeHtml(text(info['description']))} Machine-readable: <a href="/openapi.json">/openapi.json</a>.</p>
<p>Send a key as <code>Authorization: Bearer KEY</code>. Programs on the same machine need none for the default project unless that is switched off.</p>
<nav>${operations.map(({ path, method, operation }) => `<a href="#${anchorOf(operation)}">${method} ${escapeHtml(path)}</a>`).join('')}</nav>
${operations.map(({ path, method, operation }) => renderOperation(path, method, operation)).join('\n')}
<h2 id="events">Fields of an event</h2>
${renderFields(record(record(schemas['Event'])['properties']))}
<h2 id="errors">Errors</h2>
<table><thead><tr><th>code</th><th>status</th><th>meaning</th><th>what to do</th></tr></thead><tbody>
${Object.entries(ERROR_CODES)
  .map(
    ([code, { status, title, help }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escapeHtml(title)}</td><td>${escapeHtml(help)}</td></tr>`,
  )
  .join('\n')}
</tbody></table>
</body>
</html>
`;
}

function renderOperation(path: string, method: string, operation: Json): string {
  const parameters = list(operation['parameters']).map(record);
  const answer = record(record(record(record(operation['responses'])['200'])['content'])['application/json']);
  const row = record(record(record(record(record(answer['schema'])['properties'])['rows'])['items'])['properties']);
  return `<section id="${anchorOf(operation)}">
<h3><span class="method">${method}</span> ${escapeHtml(path)}</h3>
<p><strong>${escapeHtml(text(operation['summary']))}.</strong> ${escapeHtml(text(operation['description']))}</p>
${parameters.length === 0 ? '' : renderParameters(parameters)}
${Object.keys(row).length === 0 ? '' : `<h4>Columns</h4>${renderFields(row)}`}
</section>`;
}

function renderParameters(parameters: readonly Json[]): string {
  const rows = parameters.map((parameter) => {
    const schema = record(parameter['schema']);
    const values = list(schema['enum']).map(text).join(', ');
    const needed = parameter['required'] === true ? 'yes' : '';
    return `<tr><td><code>${escapeHtml(text(parameter['name']))}</code></td><td>${needed}</td><td>${escapeHtml(text(schema['default'] ?? ''))}</td><td>${escapeHtml(text(parameter['description']))}${values === '' ? '' : ` (${escapeHtml(values)})`}</td></tr>`;
  });
  return `<h4>Parameters</h4><table><thead><tr><th>name</th><th>needed</th><th>default</th><th>meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function renderFields(properties: Json): string {
  const rows = Object.entries(properties).map(([name, schema]) => {
    const { type, description } = record(schema);
    const types = (Array.isArray(type) ? type : [type]).map((each) => text(each ?? '')).filter((each) => each !== 'null');
    return `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(types.join(' or '))}</td><td>${escapeHtml(text(description ?? ''))}</td></tr>`;
  });
  return `<table><thead><tr><th>name</th><th>type</th><th>meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function anchorOf(operation: Json): string {
  return escapeHtml(text(operation['operationId']));
}

function record(value: JsonValue | undefined): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function text(value: JsonValue | undefined): string {
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}

function escapeHtml(value: string): string {
  return value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
nav { columns: 18rem; margin: 1.5rem 0; }
nav a { display: block; font-family: ui-monospace, monospace; font-size: .85rem; }
section { border-top: 1px solid #8884; margin-top: 1.5rem; }
.method { font-size: .8rem; padding: .1rem .4rem; border-radius: .25rem; background: #8883; }
h3, code { font-family: ui-monospace, monospace; }
h4 { margin: .8rem 0 .2rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid #8883; }
tr:target { background: #fc03; }
`;
