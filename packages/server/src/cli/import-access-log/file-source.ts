import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type CutLine, FILE_START, type LinePosition } from '../cut-lines.js';
import { KnownLogs } from './known-logs.js';
import { LogFile, type LogPart, type SavedLogs, type SavedPosition } from './log-file.js';
import { type LogPiece, type LogSource, pieceOf } from './log-pieces.js';
import { type LogBeside, type LogChoice, logsBeside, openBeside, type RotatedLog } from './rotated-logs.js';

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
  /** How far an earlier import came; undefined to read the log from its beginning, and nothing of what is beside it. */
  readonly saved: SavedLogs | undefined;
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
 * Logs beside it that no import knows came while nobody looked, and are read as a whole.
 */
export class FileSource implements LogSource {
  readonly #options: FileSourceOptions;
  /** Logs that were rotated away before this import read them. */
  readonly #rotated: RotatedLog[] = [];
  /** Logs that were renamed while they were followed. */
  #retired: RetiredFile[] = [];
  #current: LogFile;
  readonly #known: KnownLogs;
  /** Logs that may hold lines that were read already. */
  readonly #again = new Set<LogPart>();
  /** The current log, until its first line shows whether it was read under another name. */
  #unproven: LogFile | undefined;
  /** Up to where the lines of a log were handed out. Whoever asks for them ahead has not taken all of them yet. */
  readonly #handedOut = new Map<LogPart, LinePosition>();
  /** Logs that were read to their end; they become known once all of their lines are taken. */
  #left: LogPart[] = [];
  /** The log that was read to its end last. */
  #predecessor: LogPart | undefined;
  readonly #unreadable = new Set<string>();
  #fraction: number | undefined;

  private constructor(options: FileSourceOptions, current: LogFile) {
    this.#options = options;
    this.#current = current;
    this.#unproven = current;
    this.#known = new KnownLogs(options.saved?.known ?? []);
  }

  /** Opens the log, and finds what an earlier import left unread. @throws when there is no such file */
  static async open(options: FileSourceOptions): Promise<FileSource> {
    const source = new FileSource(options, await LogFile.open(options.path, options.saved?.logs));
    try {
      await source.#begin();
      return source;
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  async #begin(): Promise<void> {
    const { path, saved, say } = this.#options;
    if (saved === undefined) {
      const { logs, unreadable } = await logsBeside(path);
      for (const { head } of logs) this.#known.add(head.sha256);
      for (const other of unreadable) this.#unreadable.add(other);
      return;
    }
    const head = (await this.#current.head())?.sha256;
    const isResumed = saved.logs.some((position) => position.head.sha256 === head && this.#current.taken.offset >= position.offset);
    if (isResumed) this.#unproven = undefined;
    const others = isResumed ? saved.logs.filter((position) => position.head.sha256 !== head) : saved.logs;
    const last = saved.logs.at(-1);
    const isFound = await this.#catchUp(
      others,
      others.find((position) => position === last),
    );
    const rest = this.#rotated[0] ?? this.#current;
    if (isFound)
      say(`Going on at line ${rest.taken.line} of ${rest.path}, where an earlier import ended; --restart sends all of it again.`);
    else {
      say(`${path} is not the file that an earlier import read, nor is that one beside it: reading from its beginning.`);
      say('  What was written to that file since then is read when it is imported by its name.');
    }
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

  async positions(): Promise<SavedLogs> {
    await this.#settle();
    const logs = new Map<string, SavedPosition>();
    // While the new log is empty its writer may still hold on to the one before, so the next import looks at that again.
    const isEmpty = (await this.#current.head()) === undefined;
    for (const part of [...(isEmpty && this.#predecessor ? [this.#predecessor] : []), ...this.#before(), this.#current]) {
      const head = await part.head();
      if (head === undefined) continue;
      // Of two that begin alike the later one counts.
      logs.delete(head.sha256);
      logs.set(head.sha256, { ...part.taken, head });
    }
    return { logs: [...logs.values()], known: this.#known.list() };
  }

  /** The logs before the current one that may have lines left, the oldest first. */
  #before(): LogPart[] {
    return [...this.#left, ...this.#rotated, ...this.#retired.map(({ file }) => file)];
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
      await this.#leave(log);
    }
  }

  /** Reads what there is now, and answers whether there was anything. */
  async *#readFile(file: LogFile): AsyncGenerator<LogPiece, boolean> {
    let any = false;
    if (this.#options.end.aborted || (file === this.#current && (await file.wasTruncated()))) return false;
    for (let lines = await file.read(); lines !== undefined; lines = await file.read()) {
      any = true;
      if (file === this.#unproven && lines.length > 0) await this.#prove(file);
      this.#fraction = await file.fraction();
      yield this.#pieceOf(file, lines);
      if (this.#options.end.aborted) break;
    }
    return any;
  }

  #pieceOf(part: LogPart, lines: readonly CutLine[]): LogPiece {
    const last = lines.at(-1);
    if (last !== undefined) this.#handedOut.set(part, last.next);
    return pieceOf({
      lines,
      again: this.#again.delete(part),
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
      await this.#leave(file);
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
    const previous = this.#current;
    // Opened before the folder is looked at: if it is rotated meanwhile, it is in both, and left out of one.
    this.#current = (await this.#takeBack(stats)) ?? (await LogFile.open(path));
    this.#unproven = this.#current.taken.offset === 0 ? this.#current : undefined;
    if (!isTruncated) this.#retired.push({ file: previous, busyMs: clock() });
    else await previous.close();
    const position = before === undefined ? undefined : { ...(this.#handedOut.get(previous) ?? previous.taken), head: before };
    if (isTruncated) this.#handedOut.delete(previous);
    const isFound = await this.#catchUp(isTruncated && position !== undefined ? [position] : [], position);
    say(`${path} was rotated; reading the new file.`);
    if (!isFound && isTruncated) {
      say(`warning: no copy of the earlier ${path} is beside it. Lines that were written shortly before it was emptied may be missing;`);
      say('  if there is a copy elsewhere, import it by its name.');
    }
    return true;
  }

  /** A renamed log that was put back in its place goes on as the current one. */
  async #takeBack(stats: Stats): Promise<LogFile | undefined> {
    for (const retired of this.#retired) {
      if (!(await retired.file.isAt(stats))) continue;
      this.#retired = this.#retired.filter((other) => other !== retired);
      return retired.file;
    }
    return undefined;
  }

  /**
   * Opens what is beside the log and not read yet.
   *
   * @param positions how far logs were read that are not the current one
   * @param expected the last log that was read; answers whether it is there, if there was one
   */
  async #catchUp(positions: readonly SavedPosition[], expected: SavedPosition | undefined): Promise<boolean> {
    const { beside, opened } = await openBeside(this.#options.path, (logs) => this.#choose(logs, positions));
    this.#rotated.push(...opened);
    this.#known.forget(new Set(beside.logs.map(({ head }) => head.sha256)));
    this.#warnOf(beside.unreadable);
    if (expected === undefined || beside.logs.some(({ head }) => head.sha256 === expected.head.sha256)) return true;
    // It may have become another file, with lines taken out: then what comes next holds lines that were read.
    this.#again.add(opened.find(({ taken }) => taken.offset === 0) ?? this.#current);
    return false;
  }

  /** The rest of the logs at these positions, then those that nobody knows; of copies the longest. */
  async #choose(beside: readonly LogBeside[], positions: readonly SavedPosition[]): Promise<LogChoice[]> {
    const longest = new Map<string, LogBeside>();
    for (const log of beside) {
      const other = longest.get(log.head.sha256);
      if (other === undefined || log.bytes > other.bytes) longest.set(log.head.sha256, log);
    }
    const choices = positions.flatMap((start): LogChoice[] => {
      const log = longest.get(start.head.sha256);
      return log === undefined ? [] : [{ log, start }];
    });
    const heads = new Set(positions.map(({ head }) => head.sha256));
    for (const part of [...this.#before(), this.#current]) heads.add((await part.head())?.sha256 ?? '');
    for (const [head, log] of longest) if (!heads.has(head) && !this.#known.has(head)) choices.push({ log, start: FILE_START });
    return choices;
  }

  #warnOf(unreadable: readonly string[]): void {
    const others = unreadable.filter((path) => !this.#unreadable.has(path));
    for (const path of others) this.#unreadable.add(path);
    if (others.length === 0) return;
    this.#options.say(
      `warning: not readable and left out: ${others.join(', ')}. Once they are, what is new in them is read at the next rotation or start.`,
    );
  }

  /** Nothing more is wanted of this log than what was handed out. */
  async #leave(part: LogPart): Promise<void> {
    if ((await part.head()) !== undefined) {
      this.#left.push(part);
      this.#predecessor = part;
    }
    await part.close();
    await this.#settle();
  }

  async #settle(): Promise<void> {
    const left = this.#left;
    this.#left = [];
    for (const part of left) {
      const head = await part.head();
      if (part.taken.offset < (this.#handedOut.get(part)?.offset ?? 0)) this.#left.push(part);
      else {
        this.#handedOut.delete(part);
        if (head !== undefined) this.#known.add(head.sha256);
      }
    }
  }

  /** A log that was put back in its place, or copied over it, holds the same lines once more. */
  async #prove(file: LogFile): Promise<void> {
    this.#unproven = undefined;
    const head = await file.head();
    const others = await Promise.all(this.#before().map((part) => part.head()));
    if (head !== undefined && (this.#known.has(head.sha256) || others.some((other) => other?.sha256 === head.sha256)))
      this.#again.add(file);
  }

  async #pause(milliseconds: number): Promise<void> {
    const { wait, end } = this.#options;
    await wait(milliseconds, end).catch((error: unknown) => {
      if (!end.aborted) throw error;
    });
  }
}
