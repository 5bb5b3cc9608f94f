/**
 * What asking for a path says of who asks.
 * - `probe`: nobody is led there and no site serves it on purpose (`/.env`, `/.git/config`, path traversal).
 * - `guess`: a page of some products that others do not have (`/wp-login.php`, `/phpmyadmin/`); it says something only where it
 *   is answered with an error.
 * - `sign_in`: such a page with a sign-in, where asking with POST over and over is password guessing.
 * - `program_file`: a file made for programs (`robots.txt`, `sitemap.xml`, `llms.txt`).
 * - `feed`: RSS, Atom and JSON feeds.
 */
export type PathRole = 'plain' | 'probe' | 'guess' | 'sign_in' | 'program_file' | 'feed';

/** What a query says of who asks: looking for weaknesses, or for a feed. */
export type QueryRole = 'plain' | 'probe' | 'feed';

// Alternatives are anchored to a slash or a closing word, and none repeats a group that can match in two ways, so each is
// linear in a text that is cut to PATH_LENGTH_MAX before.
const PROBE_PATH = new RegExp(
  [
    String.raw`\/\.(?:env|git|svn|hg|aws|ssh|docker|kube|npmrc|htaccess|htpasswd|ds_store|vscode|idea|bash_history|netrc)(?:[./_-]|$)`,
    String.raw`\.\.[\/\\;]`,
    String.raw`\/(?:wp-config|configuration|config|settings|database)\.(?:php|inc)[._~-]?(?:bak|old|save|swp|orig|txt|~)`,
    String.raw`\/(?:etc\/passwd|etc\/shadow|proc\/self|win\.ini|boot\.ini)`,
    String.raw`\/(?:id_rsa|id_dsa|id_ed25519|authorized_keys|credentials\.json|secrets\.ya?ml)(?:$|\/)`,
    String.raw`\/(?:eval-stdin|phpinfo|php_info|c99|r57|alfa|wso|shell|webshell|cmd|filemanager)\.(?:php|asp|aspx|jsp)`,
    String.raw`\/vendor\/phpunit\/|\/_ignition\/execute-solution|\/boaform\/|\/hnap1(?:\/|$)|\/gponform\/|\/setup\.cgi|\/cgi-bin\/(?:\.|.*(?:sh|luci|test|php)(?:$|\/))`,
    String.raw`\/(?:backup|dump|database|db|mysql|site|www|web)\.(?:sql|sql\.gz|tar|tar\.gz|zip|rar|7z|bak)$`,
    String.raw`\/(?:autodiscover\/autodiscover|owa\/auth|ecp\/current|remote\/fgt_lang|dana-na\/|\+cscoe\+)`,
    '\\0|%00|<script|\\$\\{jndi:',
  ].join('|'),
);

const PROBE_QUERY =
  /\.\.[/\\]|\/etc\/passwd|union(?:\s|\+|\/\*)+(?:all(?:\s|\+)+)?select|<script|\$\{jndi:|php:\/\/(?:input|filter)|allow_url_include|auto_prepend_file|(?:sleep|benchmark|pg_sleep)\(\d|'(?:\s|\+)*or(?:\s|\+)+'?1'?=|\0/;

const SIGN_IN_PATH = /\/(?:wp-login\.php|xmlrpc\.php|administrator\/index\.php|user\/login|admin\/login(?:\.php)?)\/?$/;

const GUESS_PATH =
  /\/(?:wp-admin|wp-content|wp-includes|wp-json|phpmyadmin\d?|pma\d?|myadmin|mysqladmin|phppgadmin|sqladmin|adminer|cgi-bin|administrator|admin\.php|server-status|server-info|actuator|solr\/admin|jenkins\/script|jmx-console|web-console|manager\/html|cpanel|whm|console\/login)(?:[/.-]|$)/;

const PROGRAM_FILE_PATH = /\/(?:robots\.txt|sitemap[^/]{0,40}\.(?:xml|txt)(?:\.gz)?|llms(?:-full)?\.txt|ads\.txt|app-ads\.txt)$/;
const FEED_PATH =
  /\/(?:feed|rss|atom)\d?\/?$|\/(?:feed|feeds|rss|atom|index)\d?\.(?:xml|rdf|json)$|\.(?:rss|atom|rdf)$|\/feeds?\/[^/]{1,60}\/?$/;
const FEED_QUERY = /(?:^|&)(?:feed|flav|format|type|alt)=(?:rss|atom|rdf|feed)[\d.]{0,4}(?:&|$)/;

/**
 * The role of a path without its query. Percent-encoding is undone twice, as scanners encode what they hide twice.
 *
 * @example
 * ```ts
 * roleOfPath('/.env'); // 'probe'
 * roleOfPath('/blog/2026/hello'); // 'plain'
 * ```
 */
export function roleOfPath(path: string): PathRole {
  const text = decoded(path);
  if (PROBE_PATH.test(text)) return 'probe';
  if (SIGN_IN_PATH.test(text)) return 'sign_in';
  if (GUESS_PATH.test(text)) return 'guess';
  if (PROGRAM_FILE_PATH.test(text)) return 'program_file';
  return FEED_PATH.test(text) ? 'feed' : 'plain';
}

/**
 * The role of a query, without its question mark.
 *
 * @example
 * ```ts
 * roleOfQuery('file=../../etc/passwd'); // 'probe'
 * roleOfQuery('page=2'); // 'plain'
 * ```
 */
export function roleOfQuery(query: string): QueryRole {
  const text = decoded(query);
  if (PROBE_QUERY.test(text)) return 'probe';
  return FEED_QUERY.test(text) ? 'feed' : 'plain';
}

function decoded(text: string): string {
  let plain = text;
  for (let round = 0; round < 2 && plain.includes('%'); round += 1) {
    try {
      plain = decodeURIComponent(plain);
    } catch {
      // Malformed encoding: what cannot be decoded is looked at as it stands.
      break;
    }
  }
  return plain.toLowerCase();
}
