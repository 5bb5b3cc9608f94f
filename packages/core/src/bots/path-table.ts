import { type PathRole, roleOfPath } from './path-role.js';
import { pageOfPath } from './session-request.js';

/** A page as sessions remember it. */
export interface KnownPath {
  readonly path: string;
  /** 32 bits of the path, never 0. */
  readonly hash: number;
  readonly role: PathRole;
}

const PATHS_MAX = 20_000;

/**
 * The paths of all live sessions, each held once: a site has few pages and many sessions, so a session remembers a page by a reference
 * of 8 bytes, and what a path says of its visitor is looked up once and not with every request. Bounded: when it is full it starts
 * anew, and sessions keep what they hold.
 *
 * @example
 * ```ts
 * const paths = new PathTable();
 * const sessions = ['a', 'b'].map(() => new SessionBehavior(paths));
 * ```
 */
export class PathTable {
  readonly #known = new Map<string, KnownPath>();
  readonly #pathsMax: number;

  /** @param pathsMax paths held before the table starts anew; @default 20,000, about 3 MiB */
  constructor(pathsMax: number = PATHS_MAX) {
    this.#pathsMax = pathsMax;
  }

  /** Paths held now. */
  get size(): number {
    return this.#known.size;
  }

  /** The page that a path names; its query does not matter. */
  look(path: string): KnownPath {
    const page = pageOfPath(path);
    const known = this.#known.get(page);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#pathsMax) this.#known.clear();
    const copy = ownCopy(page);
    const added: KnownPath = { path: copy, hash: hashOf(copy), role: roleOfPath(copy) };
    this.#known.set(copy, added);
    return added;
  }
}

/** Are these the same page? Two objects can be, when the table started anew in between. */
export function isSamePage(one: KnownPath, other: KnownPath): boolean {
  return one === other || (one.hash === other.hash && one.path === other.path);
}

/** A part of a string keeps the whole of it in memory, here perhaps the body of a batch; a joined string holds itself alone. */
function ownCopy(text: string): string {
  return text.split('').join('');
}

/**
 * 32 bits of a path, never 0.
 *
 * @example
 * ```ts
 * hashOfPath('/pricing'); // the same for the same path
 * ```
 */
export function hashOfPath(path: string): number {
  return hashOf(pageOfPath(path));
}

/** FNV-1a over UTF-16 code units with a final mixing, so that its low bits are usable as a slot. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash === 0 ? 1 : hash;
}
