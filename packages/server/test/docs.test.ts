import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  BUILT_IN_EVENT_TYPES,
  DEFAULT_INGEST_LIMITS,
  ERROR_CODES,
  fieldsOfType,
  parseEvent,
  parsePriceFile,
} from '@systemprompt-analytics/core';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../src/cli/program.js';
import { SETTINGS } from '../src/configuration.js';
import { ATTRIBUTE_PRECEDENCE } from '../src/ingest/otlp/attribute-precedence.js';
import { describeReport, REPORTS } from '../src/reports/registry.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DOCS = join(ROOT, 'docs');
const LINE_LENGTH_MAX = 140;
/** Made by tools, or not ours. */
const FOREIGN_FOLDERS = new Set(['node_modules', 'dist', 'data', 'coverage']);

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Every Markdown file of the checkout, by its path from the root. */
function markdownFiles(folder = ROOT): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || FOREIGN_FOLDERS.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return markdownFiles(path);
    return entry.name.endsWith('.md') ? [relative(ROOT, path)] : [];
  });
}

const FILES = markdownFiles();
/** Templates are read as the pages that are made of them. */
const PAGES = FILES.filter((file) => !file.startsWith(join('docs', 'templates')));

interface Fence {
  readonly language: string;
  readonly text: string;
}

function fencesOf(markdown: string): Fence[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text }));
}

const withoutFences = (markdown: string): string => markdown.replace(/^```[\s\S]*?^```$/gm, '');

function headingsOf(markdown: string): string[] {
  return [...withoutFences(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading);
}

/** The anchor that a heading gets when the page is shown. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

describe('the generated pages', () => {
  it('are what the code gives', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/build-docs.mjs'), '--check'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('have an entry for every error code', () => {
    expect(headingsOf(read('docs/errors.md'))).toEqual(expect.arrayContaining(Object.keys(ERROR_CODES).map((code) => `\`${code}\``)));
  });

  it('have an entry for every setting, with its default', () => {
    const page = read('docs/configuration.md');
    for (const { name, fallback } of Object.values(SETTINGS)) {
      const entry = page.split(`### \`${name}\`\n`)[1]?.split('### ')[0];
      expect(entry, name).toContain(fallback === '' ? 'not set' : `\`${fallback}\``);
    }
  });

  it('have an entry for every report, with every parameter and column', () => {
    const page = read('docs/reports.md');
    for (const report of REPORTS) {
      const { group, name, path, parameters } = describeReport(report);
      const entry = page.split(`\n### ${group === name ? group : `${group} ${name}`}\n`)[1]?.split('\n### ')[0] ?? '';
      expect(entry, path).toContain(`\`GET ${path}\``);
      for (const parameter of parameters) expect(entry, path).toContain(`\`${parameter.name}\``);
      for (const column of report.columns) {
        const shown = column.type === 'money' ? [`${column.name}_microdollars`, `${column.name}_usd`] : [column.name];
        for (const each of shown) expect(entry, path).toContain(`- \`${each}\``);
      }
    }
  });

  it('have an entry for every event type, with every field', () => {
    const page = read('docs/events.md');
    const common = page.split('## Fields of every event\n')[1]?.split('\n## ')[0] ?? '';
    for (const type of [...BUILT_IN_EVENT_TYPES, 'custom']) {
      const heading = type === 'custom' ? /^## Custom events$/m : new RegExp(`^## .*\`${type}\`.*$`, 'm');
      const entry = page.split(heading)[1]?.split('\n## ')[0] ?? '';
      for (const name of fieldsOfType(type).keys()) expect(entry + common, type).toContain(`- \`${name}\``);
    }
  });

  it('name every attribute that is read from spans', () => {
    const page = read('docs/otlp.md');
    for (const name of Object.values(ATTRIBUTE_PRECEDENCE).flat()) expect(page).toContain(`\`${name}\``);
  });
});

describe('the examples', () => {
  const context = { nowMs: Date.parse('2026-03-02T00:00:00Z'), limits: DEFAULT_INGEST_LIMITS, trusted: true };

  function expectEvents(text: string): void {
    const value: unknown = JSON.parse(text);
    for (const event of Array.isArray(value) ? value : [value]) {
      const outcome = parseEvent(event, context);
      expect(outcome.ok ? undefined : outcome.fault, JSON.stringify(event)).toBeUndefined();
    }
  }

  it('in docs/events.md are events, one at least of every type', () => {
    const examples = fencesOf(read('docs/events.md')).filter(({ language }) => language === 'json');
    for (const { text } of examples) expectEvents(text);
    const types = new Set(examples.flatMap(({ text }) => [JSON.parse(text)].flat()).map((event: { readonly type: string }) => event.type));
    expect([...types]).toEqual(expect.arrayContaining([...BUILT_IN_EVENT_TYPES]));
  });

  it('that send an event with curl send a valid one', () => {
    const bodies = PAGES.flatMap((file) => fencesOf(read(file)))
      .filter(({ language, text }) => language === 'sh' && text.includes('/v1/events'))
      .flatMap(({ text }) => [...text.matchAll(/-d '([^']+)'/g)].map(([, body = '']) => body));
    expect(bodies.length).toBeGreaterThan(0);
    for (const body of bodies) expectEvents(body);
  });

  it('of a price file in docs/prices.md is a price file', () => {
    const [file] = fencesOf(read('docs/prices.md')).filter(({ language }) => language === 'json');
    expect(parsePriceFile(JSON.parse(file?.text ?? ''))).toMatchObject({ ok: true });
  });
});

describe('the commands', () => {
  /** Lines of shell blocks as words, with what continues on the next line; comments and settings in front are left out. */
  const commands = ['README.md', ...PAGES.filter((file) => file.startsWith('docs') || file.startsWith('examples'))].flatMap((file) =>
    fencesOf(read(file))
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
      .map((line) => line.replace(/\s+#.*$/, '').replace(/\s*&$/, ''))
      .map((line) => (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", '')))
      .map((words) => words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word))))
      .filter((words) => words.length > 0)
      .map((words) => ({ file, words })),
  );
  const ofProduct = commands
    .map(({ file, words }) => ({ file, words: words[0] === 'npx' ? words.slice(1) : words }))
    .filter(({ words }) => words[0] === 'systemprompt-analytics')
    .map(({ file, words }) => ({ file, line: words.join(' '), words: words.slice(1) }));
  const described = REPORTS.map((report) => describeReport(report));

  /** What the command line prints for these words; nothing is sent anywhere. */
  async function helpOf(words: readonly string[]): Promise<string> {
    const printed: string[] = [];
    const code = await runProgram(
      [...words, '--help'],
      {
        stdin: Readable.from([]),
        stdout: { write: (text: string) => printed.push(text) },
        stderr: { write: () => undefined },
        colour: { stdout: false, stderr: false },
        environment: { dataFolder: '/nonexistent' },
        clock: () => 0,
        wait: () => Promise.resolve(),
      },
      described,
    );
    return code === 0 ? printed.join('') : '';
  }

  it('of the product exist, with their options', async () => {
    expect(ofProduct.length).toBeGreaterThan(20);
    for (const { file, line, words } of ofProduct) {
      // Names come first; what follows belongs to the command and may be anything but an unknown option.
      const names: string[] = [];
      let usage = '';
      for (const word of words) {
        if (word.startsWith('-')) break;
        const help = await helpOf([...names, word]);
        if (!help.startsWith(`${['Usage: systemprompt-analytics', ...names, word].join(' ')} `)) break;
        names.push(word);
        usage = help;
      }
      expect(names, `${file}: ${line}`).not.toEqual([]);
      // A group that takes an argument of its own is a command as well.
      if (!/^Usage: .*\[command\] </m.test(usage)) {
        expect(usage, `${file}: ${line} names no command, only a group`).not.toMatch(/^Commands:/m);
      }
      for (const option of words.filter((word) => word.startsWith('--'))) expect(usage, `${file}: ${line}`).toContain(`${option} `);
    }
  });

  it('of npm and node exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    for (const { file, words } of commands) {
      const [program, first = '', second = ''] = words;
      if (program === 'npm' && first !== 'install' && first !== 'ci') {
        expect(Object.keys(scripts), `${file}: ${words.join(' ')}`).toContain(first === 'run' ? second : first);
      }
      if (program === 'node') expect(existsSync(join(ROOT, first)), `${file}: ${words.join(' ')}`).toBe(true);
    }
  });
});

describe('every Markdown file', () => {
  it.each(PAGES)('%s has links that lead somewhere', (file) => {
    const text = withoutFences(read(file)).replace(/`[^`\n]*`/g, '');
    for (const [, target = ''] of text.matchAll(/\]\(([^()\s]+)\)/g)) {
      if (/^[a-z]+:/i.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const found = path === '' ? join(ROOT, file) : resolve(ROOT, dirname(file), path);
      expect(existsSync(found), `${file} links to ${target}`).toBe(true);
      if (anchor === undefined || !found.endsWith('.md')) continue;
      expect(headingsOf(readFileSync(found, 'utf8')).map(anchorOf), `${file} links to ${target}`).toContain(anchor);
    }
  });

  it('in docs is listed in docs/README.md', () => {
    const listed = read('docs/README.md');
    for (const file of PAGES.filter((each) => each.startsWith('docs') && each !== join('docs', 'README.md'))) {
      expect(listed).toContain(`(${relative(DOCS, join(ROOT, file))})`);
    }
  });

  it('in docs has lines that fit', () => {
    const long = FILES.filter((file) => file.startsWith('docs') || file === 'CHANGELOG.md').flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, index) => (line.length > LINE_LENGTH_MAX ? [`${file}:${index + 1}`] : [])),
    );
    expect(long).toEqual([]);
  });
});

describe('docs/dependencies.md', () => {
  /** Licences that ask for no more than being named. */
  const ALLOWED = /^(?:MIT|Apache-2\.0|ISC|BSD-[234]-Clause|0BSD|BlueOak-1\.0\.0|CC0-1\.0|Python-2\.0|Unlicense)$/;
  /** Data asks for its source to be named, which the page does. */
  const ALLOWED_DATA = /^(?:PDDL-1\.0|CC-BY-4\.0)$/;
  /** A package that names files of licences says in brackets which one they are. */
  const licenceOf = (text: string): string => /^SEE LICENSE IN .*\((\S+)\)$/.exec(text)?.[1] ?? text;
  const isAllowed = (licence: string): boolean =>
    ALLOWED_DATA.test(licence) ||
    licence
      .replace(/[()]/g, '')
      .split(' OR ')
      .some((each) => each.split(' AND ').every((part) => ALLOWED.test(part.trim())));

  interface Manifest {
    readonly version?: string;
    readonly license?: string;
    readonly workspaces?: readonly string[];
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly devDependencies?: Readonly<Record<string, string>>;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
    readonly peerDependencies?: Readonly<Record<string, string>>;
  }

  const manifestOf = (folder: string): Manifest => JSON.parse(read(join(folder, 'package.json'))) as Manifest;
  const folders = ['.', ...(manifestOf('.').workspaces ?? [])];
  const declared = folders.flatMap((folder) => {
    const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifestOf(folder);
    const all = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies };
    return Object.entries(all).map(([name, range]) => ({ folder, name, range }));
  });
  /** The installed manifest, of the workspace's own copy where it has one. */
  const installed = (folder: string, name: string): Manifest => {
    const own = join(folder, 'node_modules', name);
    return manifestOf(existsSync(join(ROOT, own, 'package.json')) ? own : join('node_modules', name));
  };
  const rows = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)`\s*\| (\S+)\s*\| ([^|]+?)\s*\| ([^|]+?)\s*\|$/gm)].map(
    ([, name = '', version = '', licence = '', reason = '']) => ({ name, version, licence, reason }),
  );

  it.each(declared)('has $name of $folder as it is installed', ({ folder, name }) => {
    const { version = '', license: stated = '' } = installed(folder, name);
    const license = licenceOf(stated);
    const row = rows.find((each) => each.name === name && each.version === version);
    expect(row).toMatchObject({ name, version, licence: license });
    expect(row?.reason).not.toBe('');
    expect(isAllowed(license), `${name}: ${license}`).toBe(true);
  });

  it('has nothing that is not depended on', () => {
    const names = new Set(declared.map(({ name }) => name));
    expect(rows.filter(({ name }) => !names.has(name))).toEqual([]);
  });
});
