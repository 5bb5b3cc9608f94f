import { stat } from 'node:fs/promises';
import type { CutLine } from '../cut-lines.js';
import { hasHead } from './file-head.js';
import { LogFile, type LogPart, type SavedPosition } from './log-file.js';
import { type LogPiece, type LogSource, pieceOf } from './log-pieces.js';
import { findByHead, RotatedLog, readBeginning, rotatedLogs } from './rotated-logs.js';

/** A followed log is looked at this often, so that what is appended is sent within a second. */
const POLL_MS = 500;
/** A writer may hold on to a renamed log: a server that restarts finishes its requests first. */
const RETIRED_QUIET_MS = 30_000;
/** How long a line at the end of a file may take to get its line break. */
const UNFINISHED_MS = 1000;

export interface FileSourceOptions {
  readonly path: string;
  /** Does reading go on at the end, until it is aborted? */
  readonly follow: boolean;
  /** How far an earlier import came, the oldest log first; empty to read from the beginning. */
  readonly saved: readonly SavedPosition[];
  readonly clock: () => number;
  readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Ends reading after the piece under way. */
  readonly end: AbortSignal;
  readonly say: (line: string) => void;
}

interface RetiredFile {
  readonly file: LogFile;
  /** When it was last found to have something new. */
  busyMs: number;
}

/**
 * A log on the disk, read from where an earlier import came to. Rotation does not lose lines: a log that was renamed, or
 * copied and emptied, is read to its end first, from the handle that is open or from the file beside it that begins alike.
 */
export class FileSource implements LogSource {
  readonly #options: FileSourceOptions;
  /** Logs that were rotated away before this import read them. */
  readonly #rotated: RotatedLog[] = [];
  /** Logs that were renamed while they were followed. */
  #retired: RetiredFile[] = [];
  #current: LogFile;
  /** The newest log before the current one. */
  #predecessor: LogPart | undefined;
  /** Heads of the logs that were read: one that is written to late looks like a newer one. */
  readonly #seen = new Set<string>();
  #again = false;
  #fraction: number | undefined;

  private constructor(options: FileSourceOptions, current: LogFile) {
    this.#options = options;
    this.#current = current;
  }

  /** Opens the log, and finds what an earlier import left unread. @throws when there is no such file */
  static async open(options: FileSourceOptions): Promise<FileSource> {
    const { path, saved, say } = options;
    const last = saved.at(-1);
    if (last === undefined) return new FileSource(options, await LogFile.open(path));
    const { size } = await stat(path);
    const isSame = size >= last.offset && hasHead(await readBeginning(path), last.head);
    const source = new FileSource(options, await LogFile.open(path, isSame ? last : undefined));
    const beside = await rotatedLogs(path);
    for (const position of isSame ? saved.slice(0, -1) : saved) {
      const found = await findByHead(beside, position.head);
      if (found !== undefined) source.#rotated.push(await RotatedLog.open(found, position));
      if (position === last) await source.#addUnseen(beside, found);
      source.#again = position === last && found === undefined;
    }
    source.#predecessor = source.#rotated.at(-1);
    const rest = source.#rotated[0] ?? { path, taken: last };
    if (source.#again) say(`${path} is not the file that an earlier import read, nor is that one beside it: reading from its beginning.`);
    else say(`Going on at line ${rest.taken.line} of ${rest.path}, where an earlier import ended; --restart sends all of it again.`);
    return source;
  }

  async *pieces(): AsyncGenerator<LogPiece> {
    for (;;) {
      for (const retired of this.#retired) if (yield* this.#readFile(retired.file)) retired.busyMs = this.#options.clock();
      yield* this.#readRotated();
      yield* this.#readFile(this.#current);
      if (this.#options.end.aborted) return;
      if (!this.#options.follow) {
        if (yield* this.#readUnfinished()) continue;
        return;
      }
      yield* this.#dropQuiet();
      if (await this.#noticeRotation()) continue;
      yield pieceOf({ idle: true });
      await this.#pause(POLL_MS);
    }
  }

  async positions(): Promise<readonly SavedPosition[] | undefined> {
    const parts = new Set([...this.#before(), this.#current]);
    // A new log without a line cannot be known again, so the one before it is where the next import begins.
    if (this.#predecessor !== undefined && (await this.#current.head()) === undefined) {
      parts.delete(this.#predecessor);
      parts.add(this.#predecessor);
    }
    const positions: SavedPosition[] = [];
    for (const part of parts) {
      const head = await part.head();
      if (head !== undefined) positions.push({ ...part.taken, head });
    }
    return positions;
  }

  /** The logs before the current one that may have lines left, the oldest first. */
  #before(): LogPart[] {
    return [...this.#rotated, ...this.#retired.map(({ file }) => file)];
  }

  fraction(): number | undefined {
    return this.#options.follow ? undefined : this.#fraction;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#before(), this.#current].map((part) => part.close()));
  }

  async *#readRotated(): AsyncGenerator<LogPiece> {
    for (let [log] = this.#rotated; log !== undefined; [log] = this.#rotated) {
      for await (const lines of log.lines()) {
        yield this.#pieceOf(log, lines);
        if (this.#options.end.aborted) return;
      }
      this.#rotated.shift();
      await log.close();
    }
  }

  /** Reads what there is now, and answers whether there was anything. */
  async *#readFile(file: LogFile): AsyncGenerator<LogPiece, boolean> {
    let any = false;
    if (this.#options.end.aborted || (file === this.#current && (await file.wasTruncated()))) return false;
    for (let lines = await file.read(); lines !== undefined; lines = await file.read()) {
      any = true;
      this.#fraction = await file.fraction();
      yield this.#pieceOf(file, lines);
      if (this.#options.end.aborted) break;
    }
    return any;
  }

  #pieceOf(part: LogPart, lines: readonly CutLine[]): LogPiece {
    const again = this.#again && part === this.#current;
    if (again) this.#again = false;
    return pieceOf({
      lines,
      again,
      take: (line) => {
        part.taken = line.next;
      },
    });
  }

  /** A last line without a line break is taken after a moment in which nothing was added; answers whether something was. */
  async *#readUnfinished(): AsyncGenerator<LogPiece, boolean> {
    if (!this.#current.hasUnfinishedLine) return false;
    await this.#pause(UNFINISHED_MS);
    if ((await this.#current.fraction()) < 1) return true;
    const line = this.#current.finish();
    if (line !== undefined) yield pieceOf({ lines: [line], provisional: true });
    return false;
  }

  /** Renamed logs that nobody writes to any more are done. */
  async *#dropQuiet(): AsyncGenerator<LogPiece> {
    const now = this.#options.clock();
    for (const { file, busyMs } of this.#retired) {
      if (now - busyMs < RETIRED_QUIET_MS) continue;
      const line = file.finish();
      if (line !== undefined) yield this.#pieceOf(file, [line]);
      this.#retired = this.#retired.filter((other) => other.file !== file);
      await file.close();
    }
  }

  /** Looks whether the path has another file by now, or the file was emptied; answers whether there is more to read. */
  async #noticeRotation(): Promise<boolean> {
    const { path, say, clock } = this.#options;
    const stats = await stat(path).catch(() => undefined);
    // Between renaming and creating there is no file.
    if (stats === undefined) return false;
    const isTruncated = await this.#current.wasTruncated();
    if (!isTruncated && (await this.#current.isAt(stats))) return false;
    const before = await this.#current.head();
    // Opened before the folder is looked at: if it is rotated meanwhile, it is in both, and left out of one.
    const next = await LogFile.open(path);
    const beside = before === undefined ? [] : await rotatedLogs(path);
    const found = before === undefined ? undefined : await findByHead(beside, before);
    const previous = this.#current;
    this.#current = next;
    this.#predecessor = isTruncated ? undefined : previous;
    if (!isTruncated) this.#retired.push({ file: previous, busyMs: clock() });
    else {
      if (found !== undefined) this.#rotated.push(await RotatedLog.open(found, previous.taken));
      await previous.close();
    }
    await this.#addUnseen(beside, found);
    this.#predecessor = this.#rotated.at(-1) ?? this.#predecessor;
    // A copy, as an editor writes one, holds the same lines once more.
    this.#again = before !== undefined && before.sha256 === (await next.head())?.sha256;
    say(`${path} was rotated; reading the new file.`);
    return true;
  }

  /** A log may be rotated more than once between two looks: what came after this one was never read. */
  async #addUnseen(beside: readonly string[], path: string | undefined): Promise<void> {
    for (const part of [...this.#before(), this.#current]) {
      const head = await part.head();
      if (head !== undefined) this.#seen.add(head.sha256);
    }
    if (path === undefined) return;
    for (const later of beside.slice(beside.indexOf(path) + 1)) {
      const log = await RotatedLog.open(later).catch(() => undefined);
      if (log === undefined) {
        this.#options.say(`warning: ${later} cannot be read and is left out; import it by its name once it can.`);
        continue;
      }
      const head = await log.head();
      if (head === undefined || this.#seen.has(head.sha256)) {
        await log.close();
        continue;
      }
      this.#seen.add(head.sha256);
      this.#rotated.push(log);
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    const { wait, end } = this.#options;
    await wait(milliseconds, end).catch((error: unknown) => {
      if (!end.aborted) throw error;
    });
  }
}
