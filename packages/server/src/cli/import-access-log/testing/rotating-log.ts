import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { logLine } from './log-server.js';

/** The newest of the rotated logs has the lowest number, the highest, or the latest date. */
export type LogNaming = 'falling' | 'rising' | 'dated';

/** A log as a web server and logrotate write it: everything happens at once, between two looks of whoever reads it. */
export class RotatingLog {
  readonly path: string;
  /** Path of every request that was written, in order. */
  readonly written: string[] = [];
  #second = 0;
  #unfinished = '';
  #last = '';
  #dates = 100;

  constructor(path: string) {
    this.path = path;
    writeFileSync(path, '');
  }

  get isEmpty(): boolean {
    return statSync(this.path).size === 0;
  }

  /** Does the log hold a whole line? */
  get hasLine(): boolean {
    return readFileSync(this.path).includes(0x0a);
  }

  /** Writes one request of a second of its own. */
  append(): void {
    this.#second += 1;
    this.#write(logLine(this.#second, `/p${this.#second}`));
  }

  /** Writes the last line once more, which is another request. Never the first line of a log, by which it is known. */
  repeat(): void {
    if (this.isEmpty || this.#unfinished !== '') this.append();
    else this.#write(this.#last);
  }

  /** Writes the beginning of a line; the next one to be written is its rest. */
  begin(): void {
    if (this.#unfinished !== '') return;
    this.#second += 1;
    const line = logLine(this.#second, `/p${this.#second}`);
    appendFileSync(this.path, line.slice(0, 30));
    this.#unfinished = line;
  }

  #write(line: string): void {
    this.finish();
    appendFileSync(this.path, line);
    this.#note(line);
  }

  /** Writes the rest of a line that was begun. */
  finish(): void {
    if (this.#unfinished === '') return;
    appendFileSync(this.path, this.#unfinished.slice(30));
    this.#note(this.#unfinished);
    this.#unfinished = '';
  }

  #note(line: string): void {
    // Everything happens within a moment; the log is changed when its lines say so.
    utimesSync(this.path, this.#second, this.#second);
    this.#last = line;
    this.written.push(/"GET (\S+)/.exec(line)?.[1] ?? '');
  }

  /** Renames the log and begins a new one. */
  rename(naming: LogNaming = 'falling'): void {
    this.finish();
    renameSync(this.path, this.#newName(naming));
    writeFileSync(this.path, '');
  }

  /** Copies the log and empties it. */
  copyAndTruncate(naming: LogNaming = 'falling'): void {
    this.finish();
    this.#copy(this.path, this.#newName(naming));
    truncateSync(this.path);
  }

  /** Keeps a copy of what was rotated away last, or of the log itself, under a date of its own. */
  keepCopy(ofRotated: boolean): void {
    const rotated = this.#rotated().filter((path) => !path.endsWith('.gz'));
    const source = ofRotated ? rotated.at(-1) : this.path;
    if (source !== undefined) this.#copy(source, this.#newName('dated'));
  }

  /** Packs every rotated log that is not packed yet. */
  pack(): void {
    for (const plain of this.#rotated().filter((path) => !path.endsWith('.gz'))) {
      const { atime, mtime } = statSync(plain);
      writeFileSync(`${plain}.gz`, gzipSync(readFileSync(plain)));
      utimesSync(`${plain}.gz`, atime, mtime);
      unlinkSync(plain);
    }
  }

  /** A name for what is rotated away, and room for it. */
  #newName(naming: LogNaming): string {
    this.#dates += 1;
    if (naming === 'dated') return `${this.path}-${20_260_000 + this.#dates}`;
    const numbers = this.#numbers();
    if (naming === 'rising') return `${this.path}.${Math.max(0, ...numbers) + 1}`;
    for (const number of numbers.sort((left, right) => right - left)) {
      for (const suffix of ['', '.gz']) {
        const from = `${this.path}.${number}${suffix}`;
        if (existsSync(from)) renameSync(from, `${this.path}.${number + 1}${suffix}`);
      }
    }
    return `${this.path}.1`;
  }

  #copy(from: string, to: string): void {
    copyFileSync(from, to);
    const { atime, mtime } = statSync(from);
    utimesSync(to, atime, mtime);
  }

  #rotated(): string[] {
    const names = readdirSync(dirname(this.path)).filter((name) => /^[.-]\d+(?:\.gz)?$/.test(name.slice(basename(this.path).length)));
    return names
      .filter((name) => name.startsWith(basename(this.path)))
      .map((name) => join(dirname(this.path), name))
      .sort();
  }

  #numbers(): number[] {
    return this.#rotated().flatMap((path) => {
      const number = /\.(\d+)(?:\.gz)?$/.exec(path)?.[1];
      return number === undefined ? [] : [Number(number)];
    });
  }
}
