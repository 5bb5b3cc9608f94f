import { beginsInVendor, endsInVersion, sameRevision, stripResourcePath } from './model-name-affixes.js';
import type { MatchExpression, ModelData, ProviderData } from './price-book-data.js';

/** Longer names are refused: no model has one, and the book's expressions run over it. */
export const MODEL_NAME_MAX = 256;

/** Names looked up per provider that are remembered. Names come from clients, so the memory has to be bounded. */
const REMEMBERED_MAX = 2_000;

const NO_MATCH = -1;

/**
 * Finds a provider's model by name, strictly. The book's own expressions are mostly prefixes, under which every future
 * `claude-sonnet-5-5` would be billed as `claude-sonnet-5`. Here a name is a model when it equals an id or an alias, or
 * satisfies the expression and has nothing beyond the known name but a version (see `model-name-affixes.ts`). The longest
 * known name wins.
 */
export class ModelMatcher {
  readonly #provider: ProviderData;
  readonly #exact = new Map<string, ModelData>();
  readonly #remembered = new Map<string, ModelData | null>();

  constructor(provider: ProviderData) {
    this.#provider = provider;
    for (const model of provider.models) {
      for (const name of equalNames(model.match)) this.#exact.set(name, model);
    }
    for (const model of provider.models) {
      const id = model.id.toLowerCase();
      if (!this.#exact.has(id)) this.#exact.set(id, model);
    }
  }

  /** The model of this name, or `null`. Case, surrounding spaces and the provider's resource path do not matter. */
  find(name: string): ModelData | null {
    const key = name.trim().toLowerCase();
    if (key === '' || key.length > MODEL_NAME_MAX) return null;
    const exact = this.#exact.get(key);
    if (exact !== undefined) return exact;
    const remembered = this.#remembered.get(key);
    if (remembered !== undefined) return remembered;
    const found = this.#search(key);
    if (this.#remembered.size >= REMEMBERED_MAX) {
      const oldest = this.#remembered.keys().next();
      if (oldest.done !== true) this.#remembered.delete(oldest.value);
    }
    this.#remembered.set(key, found);
    return found;
  }

  #search(key: string): ModelData | null {
    const { id: providerId, models } = this.#provider;
    const bare = stripResourcePath(key, providerId);
    const own = `${providerId}/`;
    const name = bare.startsWith(own) ? bare.slice(own.length) : bare;
    const exact = this.#exact.get(bare) ?? this.#exact.get(name);
    if (exact !== undefined) return exact;

    let best: ModelData | null = null;
    let bestLength = NO_MATCH;
    for (const model of models) {
      const length = Math.max(knownLength(model.match, name, providerId), knownLength(model.match, bare, providerId));
      if (length > bestLength && sameRevision(name, model.id)) {
        best = model;
        bestLength = length;
      }
    }
    return best;
  }
}

function equalNames(match: MatchExpression): string[] {
  if ('equals' in match) return [match.equals.toLowerCase()];
  return 'or' in match ? match.or.flatMap(equalNames) : [];
}

/** Length of the longest known name by which the expression takes `name` strictly, or {@link NO_MATCH}. */
function knownLength(match: MatchExpression, name: string, providerId: string): number {
  if ('or' in match) return Math.max(NO_MATCH, ...match.or.map((part) => knownLength(part, name, providerId)));
  if ('and' in match) {
    // One part says which name it is, the others are conditions such as "not a speech model".
    if (!match.and.every((part) => satisfies(part, name))) return NO_MATCH;
    return Math.max(NO_MATCH, ...match.and.map((part) => knownLength(part, name, providerId)));
  }
  if ('equals' in match) return name === match.equals.toLowerCase() ? name.length : NO_MATCH;
  const found = locate(match, name);
  if (found === null || found.length === 0) return NO_MATCH;
  const end = found.start + found.length;
  const strict = beginsInVendor(name.slice(0, found.start), providerId) && endsInVersion(name, end, providerId);
  return strict ? found.length : NO_MATCH;
}

type TextExpression = Exclude<MatchExpression, { or: unknown } | { and: unknown } | { equals: unknown }>;

function locate(match: TextExpression, name: string): { start: number; length: number } | null {
  if ('regex' in match) {
    const found = compile(match.regex).exec(name);
    return found === null ? null : { start: found.index, length: found[0].length };
  }
  if ('starts_with' in match) {
    const text = match.starts_with.toLowerCase();
    return name.startsWith(text) ? { start: 0, length: text.length } : null;
  }
  if ('ends_with' in match) {
    const text = match.ends_with.toLowerCase();
    return name.endsWith(text) ? { start: name.length - text.length, length: text.length } : null;
  }
  const text = match.contains.toLowerCase();
  const start = name.indexOf(text);
  return start < 0 ? null : { start, length: text.length };
}

function satisfies(match: MatchExpression, name: string): boolean {
  if ('or' in match) return match.or.some((part) => satisfies(part, name));
  if ('and' in match) return match.and.every((part) => satisfies(part, name));
  if ('equals' in match) return name === match.equals.toLowerCase();
  return locate(match, name) !== null;
}

const compiled = new Map<string, RegExp>();

// Expressions come only from the book, so their number is small and fixed.
function compile(source: string): RegExp {
  let expression = compiled.get(source);
  if (expression === undefined) {
    expression = new RegExp(source, 'i');
    compiled.set(source, expression);
  }
  return expression;
}
