// Writes the reference pages in docs/ from the built packages and the texts in docs/templates/.
//   node scripts/build-docs.mjs           write the pages
//   node scripts/build-docs.mjs --check   exit 1 when a page differs from what the code gives
// A template holds what people wrote; each {{name}} in it is filled with what the code says.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  BUILT_IN_EVENT_TYPES,
  CLOSED_TASK_STATUSES,
  categoryOf,
  DEFAULT_INGEST_LIMITS,
  ERROR_CODES,
  EVENT_FIELDS,
  fieldsOfType,
  OPEN_TASK_STATUSES,
  tableOf,
} from '../packages/core/dist/index.js';
import { readConfiguration, SETTINGS } from '../packages/server/dist/configuration.js';
import { ATTRIBUTE_PRECEDENCE, PROPERTY_ATTRIBUTES, PROPERTY_PREFIXES } from '../packages/server/dist/ingest/otlp/attribute-precedence.js';
import { DEFAULT_DECODE_LIMITS } from '../packages/server/dist/ingest/otlp/decode-traces.js';
import { kindOf } from '../packages/server/dist/ingest/otlp/span-kind.js';
import { answerColumns } from '../packages/server/dist/reports/answer/answer-columns.js';
import { REQUEST_FILTERS } from '../packages/server/dist/reports/query/request-filters.js';
import { describeReport, REPORTS } from '../packages/server/dist/reports/registry.js';

const DOCS = new URL('../docs/', import.meta.url);
const TEMPLATES = new URL('templates/', DOCS);
const LINE_LENGTH_MAX = 140;

const code = (text) => `\`${text}\``;
const codes = (texts) => texts.map(code).join(', ');
const sentence = (text) => (/[.?!]$/.test(text) ? text : `${text}.`);
const number = (value) => value.toLocaleString('en-US');

/** Breaks a line at spaces; later lines are indented, as a list wants it. A word is never cut. */
function wrap(text, indent = '') {
  const lines = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > LINE_LENGTH_MAX) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

const list = (entries) => entries.map((entry) => wrap(`- ${entry}`, '  ')).join('\n');

function table(header, rows) {
  const cells = [header, ...rows];
  const widths = header.map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

// events.md

/** What the kinds of field take. The limits named here are settings; see docs/configuration.md. */
const FIELD_KINDS = {
  name: `a string of at most ${number(DEFAULT_INGEST_LIMITS.nameLengthMax)} characters`,
  text: `a string of at most ${number(DEFAULT_INGEST_LIMITS.textLengthMax)} characters`,
  url: `an absolute http or https address of at most ${number(DEFAULT_INGEST_LIMITS.textLengthMax)} characters`,
  ip: 'an IPv4 or IPv6 address, or empty where it is not known',
  choice: 'one of the values that are listed',
  count: 'a whole number from 0 to the limit that is listed',
  measure: 'a number from 0 to the limit that is listed',
  number: 'a number',
  decimal: 'a decimal with at most 20 digits before and 12 after the point, as a string or a number',
  boolean: '`true` or `false`',
  timestamp: 'an ISO 8601 string, or whole UTC milliseconds as a number, between 1970 and 2100',
};

const usedKinds = new Set(EVENT_FIELDS.map((field) => field.kind));
const isCommon = (field) => field.types === undefined && field.name !== 'status';
const isTrustedOnly = (field) => field.trustedOnly === true;

/** One field as a line of a list; `types` are the event types that the list is about. */
function describeField(field, types) {
  const needing = types.filter((type) => field.requiredFor?.includes(type));
  const needed = needing.length === 0 ? '' : needing.length === types.length ? ', needed' : `, needed for ${codes(needing)}`;
  const limit = field.maximum === undefined ? '' : `, at most ${number(field.maximum)}`;
  const values = field.values === undefined ? '' : ` One of ${codes(field.values)}.`;
  return `${code(field.name)} (${field.kind}${limit}${needed}): ${sentence(field.description)}${values}`;
}

/** The fields that these event types have beyond those of every event. */
function ownFields(types) {
  const [first, ...others] = types.map((type) =>
    [...fieldsOfType(type).values()].filter((field) => !isCommon(field) && !isTrustedOnly(field)),
  );
  for (const other of others) {
    if (other.map((field) => field.name).join() !== first.map((field) => field.name).join()) {
      throw new Error(`${types.join(', ')} have different fields and cannot share a list`);
    }
  }
  return first.length === 0 ? '' : list(first.map((field) => describeField(field, types)));
}

const withoutClient = BUILT_IN_EVENT_TYPES.filter((type) => !fieldsOfType(type).has('user_agent'));

const eventsPage = {
  kinds: list(Object.entries(FIELD_KINDS).flatMap(([kind, text]) => (usedKinds.has(kind) ? [`${kind}: ${sentence(text)}`] : []))),
  types: table(
    ['type', 'category', 'table'],
    [
      ...BUILT_IN_EVENT_TYPES.map((type) => [
        code(type),
        ['analytics_events', 'engagement_events'].includes(tableOf(type)) ? categoryOf(type) : '',
        code(tableOf(type)),
      ]),
      ['any other name', categoryOf('any_other_name'), code(tableOf('any_other_name'))],
    ],
  ),
  common: list(
    EVENT_FIELDS.filter((field) => isCommon(field) && !isTrustedOnly(field)).map((field) =>
      describeField({ ...field, requiredFor: undefined }, []),
    ),
  ),
  trusted: list(EVENT_FIELDS.filter(isTrustedOnly).map((field) => describeField(field, []))),
  withoutClient: codes(withoutClient),
  limits: list(
    [
      ['bodyBytes', DEFAULT_INGEST_LIMITS.bodyBytesMax],
      ['decompressedBytes', DEFAULT_INGEST_LIMITS.decompressedBytesMax],
      ['eventBytes', DEFAULT_INGEST_LIMITS.eventBytesMax],
      ['batchEvents', DEFAULT_INGEST_LIMITS.batchEventsMax],
      ['nesting', DEFAULT_INGEST_LIMITS.nestingMax],
      ['nameLength', DEFAULT_INGEST_LIMITS.nameLengthMax],
      ['textLength', DEFAULT_INGEST_LIMITS.textLengthMax],
      ['properties', DEFAULT_INGEST_LIMITS.propertiesMax],
      ['futureSkew', DEFAULT_INGEST_LIMITS.futureSkewMsMax],
      ['age', DEFAULT_INGEST_LIMITS.ageMsMax],
    ].map(([setting, value]) => `${SETTINGS[setting].description}: ${number(value)}.`),
  ),
  statuses: list([`Open states: ${codes(OPEN_TASK_STATUSES)}.`, `Ended states: ${codes(CLOSED_TASK_STATUSES)}.`]),
  fields: (...types) => ownFields(types),
};

// errors.md

const errorsPage = {
  codes: Object.entries(ERROR_CODES)
    .map(([name, { status, title, help }]) => `### ${code(name)}\n\n${wrap(`${status}. ${sentence(title)} ${sentence(help)}`)}`)
    .join('\n\n'),
};

// configuration.md

/** What a setting takes, as the reader of the configuration says it when it is given something else. */
function allowedBy(setting) {
  try {
    readConfiguration({}, { [setting.name]: '?' });
  } catch (error) {
    const allowed = /allowed: (.*)\.$/.exec(error.message)?.[1];
    if (allowed !== undefined) return ` Allowed: ${allowed}.`;
  }
  return '';
}

function fallbackOf({ name, fallback }) {
  const allowed = allowedBy({ name });
  if (fallback === '') return 'Default: not set.';
  const readable = /^\d{5,}$/.test(fallback) ? ` (${number(Number(fallback))})` : '';
  return `Default: ${code(fallback)}${readable}.${allowed}`;
}

const configurationPage = {
  settings: Object.values(SETTINGS)
    .map((setting) => `### ${code(setting.name)}\n\n${wrap(`${sentence(setting.description)} ${fallbackOf(setting)}`)}`)
    .join('\n\n'),
};

// reports.md

const SHARED_PARAMETERS = ['since', 'until', 'group_by', 'sort_by', 'limit'];
const descriptions = REPORTS.map((definition) => ({ definition, described: describeReport(definition) }));

const commandOf = ({ group, name }) => (group === name ? group : `${group} ${name}`);
const optionOf = (name) => `--${name.replaceAll('_', '-')}`;

function parameterLine({ name, description, values, default: fallback, positional }) {
  const as = positional ? 'an argument of the command' : code(optionOf(name));
  const usual = fallback === undefined ? '' : `, default ${code(fallback)}`;
  return `${code(name)} (${as}${usual}): ${sentence(description)}${values === undefined ? '' : ` One of ${codes(values)}.`}`;
}

function columnLine({ name, type, unit, description }) {
  const kind = unit === null || unit === type ? type : `${type}, ${unit}`;
  return `${code(name)} (${kind}): ${sentence(description)}`;
}

function sharedParameter(name) {
  const found = descriptions.flatMap(({ described }) => described.parameters).find((parameter) => parameter.name === name);
  return `${code(name)} (${code(optionOf(name))}): ${sentence(found.description)}`;
}

function filterLine(name) {
  const of = descriptions.find(({ definition }) => definition.parameters?.[name] === REQUEST_FILTERS[name]);
  return parameterLine(of.described.parameters.find((parameter) => parameter.name === name));
}

function reportSection({ definition, described }) {
  const { title, description, path, shape, parameters } = described;
  const positional = parameters.filter((parameter) => parameter.positional).map((parameter) => ` ${parameter.name.toUpperCase()}`);
  const filters = parameters.filter(({ name }) => name in REQUEST_FILTERS && definition.parameters[name] === REQUEST_FILTERS[name]);
  const own = parameters.filter((parameter) => !SHARED_PARAMETERS.includes(parameter.name) && !filters.includes(parameter));
  const shared = parameters.filter((parameter) => SHARED_PARAMETERS.includes(parameter.name));
  const compared = definition.shape === 'record' ? (definition.compared ?? []) : [];
  const names = answerColumns(definition.columns.filter((column) => compared.includes(column.name))).map((column) => column.name);
  const parts = [
    `### ${commandOf(described)}`,
    wrap(`${sentence(title)} ${description}`),
    `\`\`\`sh\nsystemprompt-analytics ${commandOf(described)}${positional.join('')}\n\`\`\``,
    wrap(`${code(`GET ${path}`)}, a ${shape}.`),
    ...(own.length === 0 ? [] : [`Parameters of its own:\n\n${list(own.map(parameterLine))}`]),
    ...(filters.length === 0 ? [] : [wrap(`[Filters](#filters): ${codes(filters.map((parameter) => parameter.name))}.`)]),
    wrap(
      shared.length === 0
        ? 'It takes none of the shared parameters.'
        : `Shared parameters: ${shared
            .map(({ name, default: fallback, values }) => {
              const usual = fallback === undefined ? '' : ` (default ${code(fallback)})`;
              return name === 'sort_by' ? `${code(name)}${usual}, one of ${codes(values)}` : `${code(name)}${usual}`;
            })
            .join('; ')}.`,
    ),
    `Columns:\n\n${list(answerColumns(definition.columns).map(columnLine))}`,
    ...(names.length === 0 ? [] : [wrap(`[Compared](#comparisons) to the previous period: ${codes(names)}.`)]),
  ];
  return parts.join('\n\n');
}

const reportsPage = {
  shared: list(SHARED_PARAMETERS.map(sharedParameter)),
  filters: list(Object.keys(REQUEST_FILTERS).map(filterLine)),
  index: table(
    ['report', 'about'],
    descriptions.map(({ described }) => [`[${commandOf(described)}](#${commandOf(described).replaceAll(' ', '-')})`, described.title]),
  ),
  reports: descriptions.map(reportSection).join('\n\n'),
};

// otlp.md

/** Operations of the GenAI conventions; what each is to the product is asked of the code. */
const OPERATIONS = [
  'chat',
  'generate_content',
  'text_completion',
  'embeddings',
  'execute_tool',
  'invoke_agent',
  'invoke_workflow',
  'create_agent',
  'retrieval',
];

const spanKind = (attribute, value) => kindOf({ attributes: new Map([[attribute, value]]) });
const kindText = (kind) => (kind === 'other' ? 'a plain span' : code(kind));

const otlpPage = {
  operations: table(
    ['attribute', 'value', 'the span is'],
    [
      ...OPERATIONS.map((operation) => [
        code('gen_ai.operation.name'),
        code(operation),
        kindText(spanKind('gen_ai.operation.name', operation)),
      ]),
      [code('gen_ai.operation.name'), 'anything else', kindText(spanKind('gen_ai.operation.name', 'anything else'))],
      ...['tools/call', 'anything else'].map((method) => [
        `${code('mcp.method.name')} without an operation`,
        method.includes('/') ? code(method) : method,
        kindText(spanKind('mcp.method.name', method)),
      ]),
    ],
  ),
  precedence: list(Object.entries(ATTRIBUTE_PRECEDENCE).map(([field, names]) => `${code(field)}: ${codes(names)}`)),
  properties: list(PROPERTY_ATTRIBUTES.map(code)),
  prefixes: PROPERTY_PREFIXES.map(code).join(' or '),
  limits: list([
    `Spans of one request: ${number(DEFAULT_DECODE_LIMITS.spansMax)}.`,
    `Bytes of one protobuf span: ${number(DEFAULT_DECODE_LIMITS.spanBytesMax)}.`,
    `Attributes of one span, event or resource that are kept whatever their name: ${number(DEFAULT_DECODE_LIMITS.attributesMax)}. Those in the table above are read in any case.`,
    `Events of one span that are looked at: ${number(DEFAULT_DECODE_LIMITS.eventsMax)}.`,
  ]),
};

const PAGES = {
  'events.md': eventsPage,
  'errors.md': errorsPage,
  'configuration.md': configurationPage,
  'reports.md': reportsPage,
  'otlp.md': otlpPage,
};

/** Fills the slots of a template: `{{name}}`, or `{{name a b}}` for one that takes arguments. */
function fill(page, values) {
  const used = new Set();
  const text = readFileSync(new URL(page, TEMPLATES), 'utf8').replace(/\{\{([^{}]+)\}\}/g, (slot, content) => {
    const [name, ...given] = content.trim().split(/\s+/);
    const value = values[name];
    if (value === undefined) throw new Error(`docs/templates/${page}: there is nothing for ${slot}`);
    used.add(name);
    return typeof value === 'function' ? value(...given) : value;
  });
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`docs/templates/${page} does not use ${unused.join(', ')}`);
  const notice = `<!-- Generated by scripts/build-docs.mjs from docs/templates/${page} and the code: change those, not this page. -->`;
  return `${notice}\n\n${text.trim()}\n`;
}

const strays = readdirSync(TEMPLATES).filter((name) => !(name in PAGES));
if (strays.length > 0) throw new Error(`docs/templates has no page for ${strays.join(', ')}`);

const check = process.argv.includes('--check');
for (const [page, values] of Object.entries(PAGES)) {
  const target = new URL(page, DOCS);
  const text = fill(page, values);
  if (!check) {
    writeFileSync(target, text);
    console.log(fileURLToPath(target));
  } else if (readIfThere(target) !== text) {
    console.error(`docs/${page} differs from what the code gives: run npm run build, then node scripts/build-docs.mjs`);
    process.exitCode = 1;
  }
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
