/** What kind of place a visitor came from. */
export type SourceKind = 'search' | 'social' | 'video' | 'shopping' | 'email' | 'ai';

/** A place that visitors come from and that is known by name. */
export interface ReferrerSource {
  /** `Google`, `ChatGPT`. */
  readonly name: string;
  readonly kind: SourceKind;
}

/** The JSON of `data/referrer-sources.json`; what the lists say and where they come from is written beside it. */
export interface ReferrerSourceData {
  /** By kind and name the hosts, separated by spaces. A host stands for its subdomains too, one behind `=` for itself
   * and its `www.` only; `google.*` for every country. */
  readonly sources: Readonly<Record<SourceKind, Readonly<Record<string, string>>>>;
  /** Further words that stand in `utm_source` for a source, by the word in lower case. */
  readonly aliases: Readonly<Record<string, string>>;
}

const LABELS_MAX = 10;
const COUNTRY = /^[a-z]{2}$/;
/** Second level domains under which countries register names. */
const SECOND_LEVEL = new Set(['co', 'com', 'org', 'net', 'edu', 'gov', 'or', 'ne']);

/** Finds the source that a host or a `utm_source` stands for, with a few look-ups in a map. */
export class ReferrerSources {
  readonly #byHost = new Map<string, ReferrerSource>();
  readonly #byName = new Map<string, ReferrerSource>();

  /** @throws TypeError when the data contradict themselves; they are part of the product, so that is a fault of it */
  constructor(data: ReferrerSourceData) {
    for (const [kind, sources] of Object.entries(data.sources) as [SourceKind, Readonly<Record<string, string>>][]) {
      for (const [name, hosts] of Object.entries(sources)) this.#add({ name, kind }, hosts);
    }
    for (const [alias, name] of Object.entries(data.aliases)) {
      const source = this.#byName.get(name.toLowerCase());
      if (source === undefined) throw new TypeError(`The alias "${alias}" names the source "${name}", which does not exist.`);
      if (this.#byName.has(alias)) throw new TypeError(`The alias "${alias}" is the name of a source already.`);
      this.#byName.set(alias, source);
    }
  }

  /** A map without any source. */
  static readonly NONE: ReferrerSources = new ReferrerSources({
    sources: { search: {}, social: {}, video: {}, shopping: {}, email: {}, ai: {} },
    aliases: {},
  });

  /** The source that a host in lower case belongs to: the longest known name that the host ends in. */
  find(host: string): ReferrerSource | undefined {
    const suffix = countrySuffixStart(host);
    const bare = host.startsWith('www.') ? 4 : 0;
    const itself =
      this.#byHost.get(`=${host.slice(bare)}`) ?? (bare < suffix ? this.#byHost.get(`=${host.slice(bare, suffix)}*`) : undefined);
    if (itself !== undefined) return itself;
    let start = 0;
    for (let labels = 0; labels < LABELS_MAX; labels++) {
      const found = this.#byHost.get(host.slice(start)) ?? (start < suffix ? this.#byHost.get(`${host.slice(start, suffix)}*`) : undefined);
      if (found !== undefined) return found;
      const dot = host.indexOf('.', start);
      if (dot < 0) return undefined;
      start = dot + 1;
    }
    return undefined;
  }

  /** The source that a `utm_source` names: by its name, by a word that is usual for it, or by its host. */
  findNamed(name: string): ReferrerSource | undefined {
    const word = name.trim().toLowerCase();
    if (word === '') return undefined;
    return this.#byName.get(word) ?? (word.includes('.') ? this.find(word) : undefined);
  }

  #add(source: ReferrerSource, hosts: string): void {
    const word = source.name.toLowerCase();
    if (this.#byName.has(word)) throw new TypeError(`The source "${source.name}" occurs twice.`);
    this.#byName.set(word, source);
    for (const host of hosts.split(' ')) {
      if (this.#byHost.has(host))
        throw new TypeError(`The host "${host}" belongs to "${this.#byHost.get(host)?.name}" and "${source.name}".`);
      this.#byHost.set(host, source);
    }
  }
}

/** Where the `com`, `de`, `co.uk` or `com.tr` begins that a host ends in; 0 when it ends in something else. */
function countrySuffixStart(host: string): number {
  const last = host.lastIndexOf('.') + 1;
  const top = host.slice(last);
  if (last === 0 || (top !== 'com' && !COUNTRY.test(top))) return 0;
  const second = host.lastIndexOf('.', last - 2) + 1;
  return second > 0 && top !== 'com' && SECOND_LEVEL.has(host.slice(second, last - 1)) ? second : last;
}
