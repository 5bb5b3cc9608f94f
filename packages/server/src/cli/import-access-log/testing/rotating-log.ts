import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import { logLine } from './log-server.js';

/** A log as a web server and logrotate write it: everything happens at once, between two looks of whoever reads it. */
export class RotatingLog {
  readonly path: string;
  /** Path of every request that was written, in order. */
  readonly written: string[] = [];
  #second = 0;
  #unfinished = '';
  #last = '';

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
    this.#last = line;
    this.written.push(/"GET (\S+)/.exec(line)?.[1] ?? '');
  }

  /** Renames the log and begins a new one. */
  rename(): void {
    this.finish();
    this.#shift();
    renameSync(this.path, `${this.path}.1`);
    writeFileSync(this.path, '');
  }

  /** Copies the log and empties it. */
  copyAndTruncate(): void {
    this.finish();
    this.#shift();
    copyFileSync(this.path, `${this.path}.1`);
    truncateSync(this.path);
  }

  /** Packs every rotated log that is not packed yet. */
  pack(): void {
    for (const number of this.#numbers().filter((known) => existsSync(`${this.path}.${known}`))) {
      const plain = `${this.path}.${number}`;
      const { atime, mtime } = statSync(plain);
      writeFileSync(`${plain}.gz`, gzipSync(readFileSync(plain)));
      utimesSync(`${plain}.gz`, atime, mtime);
      unlinkSync(plain);
    }
  }

  /** Makes room for a new `.1`. */
  #shift(): void {
    for (const number of this.#numbers().reverse()) {
      for (const suffix of ['', '.gz']) {
        const from = `${this.path}.${number}${suffix}`;
        if (existsSync(from)) renameSync(from, `${this.path}.${number + 1}${suffix}`);
      }
    }
  }

  #numbers(): number[] {
    const numbers: number[] = [];
    for (let number = 1; existsSync(`${this.path}.${number}`) || existsSync(`${this.path}.${number}.gz`); number += 1) numbers.push(number);
    return numbers;
  }
}
