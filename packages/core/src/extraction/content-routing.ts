import { roleOfQuery } from '../bots/path-role.js';
import { AnalyticsError } from '../errors/analytics-error.js';

/**
 * Says which paths of a site are HTML pages and what they show. A host may bring its own.
 *
 * @example
 * const routing: ContentRouting = {
 *   isPage: (path) => !path.startsWith('/api/'),
 *   contentIdOf: (path) => /^\/blog\/(.+)$/.exec(path)?.[1],
 * };
 */
export interface ContentRouting {
  /**
   * Is this path an HTML page? Only a page is a landing page or an entry.
   *
   * @param query as it was asked for, without its question mark; empty when there is none
   */
  isPage(path: string, query: string): boolean;
  /** Id of the content that the path shows; undefined when it shows none that has one. */
  contentIdOf(path: string): string | undefined;
}

/**
 * Patterns of paths. `*` stands for any part of one segment, `**` for any number of segments: `/blog/*`, `/docs/**`. At most
 * one `*` in a segment and one `**` in a pattern, so that matching takes time in proportion to the path.
 */
export interface ContentPatterns {
  /** Paths that are pages whatever their extension. */
  readonly pages?: readonly string[];
  /** Paths that are no pages; they win over `pages`. */
  readonly notPages?: readonly string[];
  /** Paths that show content; what the stars stand for, joined by `/`, is its id. The first that matches counts. */
  readonly content?: readonly string[];
}

/** Why a path was asked for: as a page, to show a page, or for something else, such as a feed or a download. */
export type PathKind = 'page' | 'asset' | 'other';

const PATTERN_LENGTH_MAX = 256;
const PATTERNS_MAX = 200;

/** What browsers load to show a page. */
const ASSETS = new Set(
  (
    'css js mjs cjs map wasm png jpg jpeg jpe gif svg svgz ico cur webp avif apng bmp tif tiff heic jxl ' +
    'woff woff2 ttf otf eot mp4 m4v webm ogv mov m3u8 mpd mp3 m4a aac ogg oga opus wav flac vtt webmanifest xsl xslt swf'
  ).split(' '),
);

/**
 * What is neither a page nor needed to show one: data, feeds, documents and downloads. A PDF is read by people, but it runs
 * no script and has no links that lead on through the site, so it is a download and not a page view.
 */
const OTHERS = new Set(
  (
    'json jsonl ndjson xml rss atom rdf txt csv tsv yaml yml md pdf epub doc docx xls xlsx ppt pptx odt ods odp rtf ics vcf ' +
    'zip gz tgz bz2 xz zst 7z rar tar iso dmg pkg exe msi deb rpm apk ipa jar war bin sql bak db log env ini conf cfg pem key sh ' +
    'pyc whl gem pcap torrent sig asc patch diff'
  ).split(' '),
);

/** What is a page wherever it lies. */
const PAGES = new Set('html htm xhtml shtml php asp aspx jsp jspx cgi do action'.split(' '));

/** What browsers ask for by themselves, whatever its ending. */
const ASKED_BY_BROWSERS = /\/(?:browserconfig\.xml|manifest\.json|\.well-known\/appspecific\/com\.chrome\.devtools\.json)$/;
const FEED = /\/(?:feed|feeds|rss|atom)\/?$/i;
/**
 * Pictures that a program makes have no extension: what lies in a folder for them is one, and what is named by a size in pixels.
 * An end in `/` is that of a page that lists them.
 */
const PICTURE = /^\/(?:images?|imgs?|thumbs?|thumbnails?|avatars?|_next|_nuxt)\/.*[^/]$|\/\d{2,4}x\d{2,4}$/i;
const WELL_KNOWN = /^\/\.well-known\//;

/**
 * What a path is by its extension; without one, or with one that is none of the known, it is a page, unless it looks like a picture
 * that a program makes, as `/image/7/200x200` does, or its query asks for a feed, as in `/blog?format=rss`.
 *
 * @param query without its question mark. @default none
 */
export function requestKindOf(path: string, query = ''): PathKind {
  const extension = extensionOf(path);
  if (ASSETS.has(extension) || ASKED_BY_BROWSERS.test(path)) return 'asset';
  if (OTHERS.has(extension) || FEED.test(path) || WELL_KNOWN.test(path)) return 'other';
  if (!PAGES.has(extension) && PICTURE.test(path)) return 'asset';
  return query !== '' && roleOfQuery(query) === 'feed' ? 'other' : 'page';
}

function extensionOf(path: string): string {
  const slash = path.lastIndexOf('/');
  const dot = path.lastIndexOf('.');
  // A dot at the start of a name, as in `/.env`, begins an extension too: such files are never pages.
  return dot > slash ? path.slice(dot + 1).toLowerCase() : '';
}

/**
 * Routing by patterns: a path is a page by its extension (see {@link requestKindOf}) unless a pattern says otherwise.
 *
 * @throws AnalyticsError `invalid_configuration` that names the pattern and what is allowed
 */
export function defaultContentRouting(patterns: ContentPatterns = {}): ContentRouting {
  const pages = compileAll('pages', patterns.pages);
  const notPages = compileAll('notPages', patterns.notPages);
  const content = compileAll('content', patterns.content);
  return {
    isPage(path, query) {
      if (notPages.some((pattern) => pattern.test(path))) return false;
      return requestKindOf(path, query) === 'page' || pages.some((pattern) => pattern.test(path));
    },
    contentIdOf(path) {
      for (const pattern of content) {
        const found = pattern.exec(path);
        if (found !== null) return found.slice(1).join('/') || path;
      }
      return undefined;
    },
  };
}

function compileAll(list: keyof ContentPatterns, patterns: readonly string[] = []): RegExp[] {
  if (patterns.length > PATTERNS_MAX) throw fault(list, `${patterns.length} patterns are more than the ${PATTERNS_MAX} allowed.`);
  return patterns.map((pattern) => compile(list, pattern));
}

function compile(list: keyof ContentPatterns, pattern: string): RegExp {
  if (!pattern.startsWith('/') || pattern.length > PATTERN_LENGTH_MAX || /[\s?#]/.test(pattern)) {
    throw fault(
      list,
      `"${pattern}" must be a path of at most ${PATTERN_LENGTH_MAX} characters that starts with "/", without spaces, "?" and "#".`,
    );
  }
  const segments = pattern.split('/');
  const deep = segments.filter((segment) => segment === '**').length;
  const faulty = segments.find((segment) => segment !== '**' && segment.split('*').length > 2);
  if (faulty !== undefined) throw fault(list, `"${faulty}" in "${pattern}" may hold one "*", or be "**".`);
  if (deep > 1) throw fault(list, `"${pattern}" may hold one "**".`);
  const source = segments.map((segment) => (segment === '**' ? '(.*)' : escaped(segment).replace('*', '([^/]*)'))).join('/');
  return new RegExp(`^${source.replace(/\/$/, '')}/?$`);
}

/** Escapes what an expression would read, except the star. */
function escaped(segment: string): string {
  return segment.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
}

function fault(list: keyof ContentPatterns, reason: string): AnalyticsError {
  return new AnalyticsError('invalid_configuration', `The list "${list}" of content patterns is not valid: ${reason}`, { path: list });
}
