/**
 * What may stand around a known model name without making it another model: a release date, a revision, a region.
 * Everything else ("-mini", "-5", "-lite", ":free") is another model with another price.
 */

const YEAR = '20\\d{2}';
const MONTH = '(?:0[1-9]|1[0-2])';
const DAY = '(?:0[1-9]|[12]\\d|3[01])';
const YEAR_MONTH = `2\\d${MONTH}`;

const VERSION_PARTS = [
  `[-@]${YEAR}(?:${MONTH}${DAY}|-${MONTH}-${DAY})`, // -20250929, @20251001, -2024-08-06
  `-${MONTH}${DAY}`, // gpt-4-0613
  `-${YEAR_MONTH}`, // magistral-small-2506
  '-\\d{3}', // gemini-2.0-flash-001
  '[-@](?:latest|default)', // claude-3-7-sonnet-latest, Vertex AI @default
  `-preview(?:-${MONTH}-(?:${YEAR}|${DAY}))?`, // -preview, -preview-05-06, -preview-09-2025
];
// Bedrock model revisions: -v1, -v1:0, and :0 after a name that ends in its own number.
const BEDROCK_PARTS = ['-v\\d{1,2}(?::\\d{1,2})?', ':\\d{1,2}'];
const FINE_TUNED = '(?::[^\\s:]{0,64}){1,4}'; // ft:gpt-4o-2024-08-06:organisation:name:id
const AZURE_FINE_TUNED = '\\.ft-[0-9a-f]{1,64}'; // gpt-4o-mini-2024-07-18.ft-0a1b

const VERSION = new RegExp(`^(?:${VERSION_PARTS.join('|')})+$`);
const BEDROCK_VERSION = new RegExp(`^(?:${VERSION_PARTS.join('|')})*(?:${BEDROCK_PARTS.join('|')})?$`);
const FINE_TUNED_VERSION = new RegExp(`^(?:${VERSION_PARTS.join('|')})?(?:${FINE_TUNED})?$`);
const AZURE_FINE_TUNED_VERSION = new RegExp(`^${AZURE_FINE_TUNED}$`);

// Some of the book's names end within a version: "claude-sonnet-4-2025", "gemini-2.0-flash-0", "magistral-small-",
// "mistral-7b-instruct-v0", "gemini-2.5-flash-lite-preview". Only these beginnings may lie in the known part, so that claude-2 does not take claude-20250101.
const BEGUN = /(?:[-@](?:20\d{2}-?)?|-0\d?|-v\d{1,2}|-preview)$/;

/**
 * True when what follows the first `known` characters of a lower-case name is empty or a version suffix, which may have
 * begun in the known part.
 */
export function endsInVersion(name: string, known: number, providerId: string): boolean {
  if (known >= name.length || isVersion(name.slice(known), name, providerId)) return true;
  const begun = BEGUN.exec(name.slice(0, known));
  return begun !== null && isVersion(name.slice(begun.index), name, providerId);
}

function isVersion(suffix: string, name: string, providerId: string): boolean {
  if (VERSION.test(suffix)) return true;
  if (providerId === 'aws') return BEDROCK_VERSION.test(suffix);
  if (name.startsWith('ft:')) return FINE_TUNED_VERSION.test(suffix);
  return AZURE_FINE_TUNED_VERSION.test(suffix);
}

const REGION = '(?:us|eu|apac|au|jp|in|ca|us-gov|global)\\.';
const VENDOR = '[a-z0-9-]{2,30}';
const BEDROCK_PREFIX = new RegExp(`^(?:${REGION})?(?:${VENDOR}\\.)?$`);
const VENDOR_PREFIX = new RegExp(`^(?:${VENDOR}/)?$`);

/** True when what precedes a known name is empty or a vendor, on Bedrock also a region: `us.anthropic.`, `anthropic/`. */
export function beginsInVendor(prefix: string, providerId: string): boolean {
  return (providerId === 'aws' ? BEDROCK_PREFIX : VENDOR_PREFIX).test(prefix);
}

const GOOGLE_PATH = /^(?:projects\/[^/]{1,100}\/locations\/[^/]{1,60}\/)?(?:publishers\/[^/]{1,60}\/)?models\//;
const BEDROCK_ARN = /^arn:aws[a-z-]{0,10}:bedrock:[a-z0-9-]{0,30}:\d{0,12}:(?:inference-profile|foundation-model)\//;

/** Removes the resource path in which a provider wraps a model name; never a part of the name itself. */
export function stripResourcePath(name: string, providerId: string): string {
  if (providerId === 'google') return name.replace(GOOGLE_PATH, '');
  if (providerId === 'aws') return name.replace(BEDROCK_ARN, '');
  return name;
}

const REVISION = /-v(\d{1,2})(?::\d{1,2})?$/;

/** False when both names state a Bedrock revision and they differ: titan-embed-text-v2 is not priced as -v1. */
export function sameRevision(name: string, modelId: string): boolean {
  const stated = REVISION.exec(name)?.[1];
  const known = REVISION.exec(modelId)?.[1];
  return stated === undefined || known === undefined || stated === known;
}
