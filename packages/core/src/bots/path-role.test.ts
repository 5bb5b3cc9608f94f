import { describe, expect, it } from 'vitest';
import { type PathRole, roleOfPath, roleOfQuery } from './path-role.js';
import { PATH_LENGTH_MAX } from './session-request.js';

describe('roleOfPath', () => {
  it.each<[PathRole, readonly string[]]>([
    [
      'probe',
      [
        '/.env',
        '/.env.production',
        '/api/.env',
        '/.git/config',
        '/.git',
        '/.svn/entries',
        '/.aws/credentials',
        '/.ssh/id_rsa',
        '/.DS_Store',
        '/.htpasswd',
        '/.vscode/sftp.json',
        '/wp-config.php.bak',
        '/config.php~',
        '/../../etc/passwd',
        '/static/..;/manager',
        '/%2e%2e/%2e%2e/windows/win.ini',
        '/%252e%252e%252fetc%252fpasswd',
        '/etc/passwd',
        '/id_rsa',
        '/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php',
        '/phpinfo.php',
        '/wso.php',
        '/boaform/admin/formLogin',
        '/HNAP1/',
        '/cgi-bin/luci',
        '/cgi-bin/.%2e/.%2e/bin/sh',
        '/setup.cgi',
        '/backup.zip',
        '/db.sql',
        '/owa/auth/x.js',
        '/a%00b',
        '/<script>alert(1)</script>',
        '/%24%7Bjndi:ldap://x%7D',
      ],
    ],
    ['sign_in', ['/wp-login.php', '/blog/wp-login.php', '/xmlrpc.php', '//xmlrpc.php', '/administrator/index.php', '/user/login/']],
    [
      'guess',
      [
        '/wp-admin/',
        '/wp-content/plugins/x/readme.txt',
        '/blog/wp-includes/wlwmanifest.xml',
        '/phpMyAdmin/index.php',
        '/phpmyadmin4/',
        '/pma/',
        '/adminer.php',
        '/admin.php',
        '/administrator/',
        '/server-status',
        '/actuator/health',
        '/solr/admin/cores',
        '/manager/html',
        '/cgi-bin/form',
      ],
    ],
    ['program_file', ['/robots.txt', '/sitemap.xml', '/sitemap_index.xml', '/sitemap-2026.xml.gz', '/llms.txt', '/ads.txt']],
    ['feed', ['/feed', '/feed/', '/blog/feed/', '/rss.xml', '/atom.xml', '/index.xml', '/feeds/posts', '/news.rss', '/feed.json']],
    [
      'plain',
      [
        '',
        '/',
        '/index.html',
        '/pricing',
        '/blog/2026/environment',
        '/docs/.environments',
        '/guides/git/config',
        '/blog/what-is-wp-admin',
        '/wordpress-tips',
        '/admin',
        '/login',
        '/feedback',
        '/feeding-birds',
        '/blog/rss-readers',
        '/atomic',
        '/.well-known/security.txt',
        '/caf%C3%A9',
        '/broken%E0%A4%A',
        '/100%',
        '/shell',
        '/downloads/site-plan.pdf',
        '/robots.txt.html',
        '/about/robots',
        '/backup',
      ],
    ],
  ])('%s', (role, paths) => {
    for (const path of paths) expect(`${path} ${roleOfPath(path)}`).toBe(`${path} ${role}`);
  });
});

describe('roleOfQuery', () => {
  it.each<[PathRole, readonly string[]]>([
    [
      'probe',
      [
        'file=../../etc/passwd',
        'file=..%2F..%2Fetc%2Fpasswd',
        'page=%252e%252e%252fx',
        'id=1+UNION+ALL+SELECT+1',
        'id=1%20union%20select%20null',
        'q=<script>',
        'x=%24%7Bjndi:ldap://x%7D',
        'x=php://input',
        'id=sleep(5)',
        "id=1'%20or%20'1'='1",
      ],
    ],
    ['feed', ['feed=rss2', 'flav=rss20', 'format=feed&type=atom', 'a=1&alt=rss']],
    ['plain', ['', 'page=2', 'q=union+of+select+committees', 'utm_source=rss', 'q=or', 'feed=news', 'path=a..b', 'q=%', 'sleep=5']],
  ])('%s', (role, queries) => {
    for (const query of queries) expect(`${query} ${roleOfQuery(query)}`).toBe(`${query} ${role}`);
  });
});

it('looks at hostile texts of full length in no time to speak of', () => {
  const hostile = ['/', '../', '%2e', '%25', '/cgi-bin/', 'union ', "' or ", '/feed/', 'sitemap', '/.'];
  const texts = hostile.map((part) => `/${part.repeat(PATH_LENGTH_MAX)}`.slice(0, PATH_LENGTH_MAX));
  const steps = 200;
  const startMs = performance.now();
  for (let step = 0; step < steps; step++) {
    for (const text of texts) {
      roleOfPath(text);
      roleOfQuery(text);
    }
  }
  // A pattern that backtracks takes seconds for one such text; this leaves a slow machine 1 ms for each.
  expect((performance.now() - startMs) / (steps * texts.length)).toBeLessThan(1);
});
