import { formatDuration, formatInteger } from './format-value.js';
import type { TextOutput } from './terminal.js';

/** A terminal line is rewritten this often. */
const TERMINAL_MS_MIN = 200;
/** A log gets a line this often. */
const LOG_MS_MIN = 10_000;

/** Tells on standard error how far an import is: in place on a terminal, as a line now and then in a log. */
export class ImportProgress {
  readonly #output: TextOutput;
  readonly #clock: () => number;
  readonly #startedMs: number;
  readonly #noun: string;
  #shownMs: number;
  #lineOpen = false;

  /** @param noun what the lines of the input are called */
  constructor(output: TextOutput, clock: () => number, noun = 'events') {
    this.#output = output;
    this.#noun = noun;
    this.#clock = clock;
    this.#startedMs = clock();
    this.#shownMs = this.#startedMs;
  }

  /** @param fraction part of the file that is read, or undefined when its size is unknown */
  show(events: number, fraction: number | undefined): void {
    const now = this.#clock();
    const terminal = this.#output.isTTY === true;
    if (now - this.#shownMs < (terminal ? TERMINAL_MS_MIN : LOG_MS_MIN)) return;
    this.#shownMs = now;
    const text = progressText(events, now - this.#startedMs, fraction, this.#noun);
    this.#output.write(terminal ? `\r${text}\u001b[K` : `${text}\n`);
    this.#lineOpen = terminal;
  }

  /** Writes a line of its own, without running into the progress line. */
  say(line: string): void {
    this.finish();
    this.#output.write(`${line}\n`);
  }

  /** Takes the progress line away. */
  finish(): void {
    if (this.#lineOpen) this.#output.write('\r\u001b[K');
    this.#lineOpen = false;
  }
}

/** `120,000 events, 24,000 events/s, 48 %, about 5.4 s left`. */
export function progressText(events: number, elapsedMs: number, fraction: number | undefined, noun = 'events'): string {
  const rate = formatInteger(Math.round((events * 1000) / Math.max(1, elapsedMs)));
  const text = `${formatInteger(events)} ${noun}, ${rate} ${noun}/s`;
  if (fraction === undefined || fraction <= 0) return text;
  const left = formatDuration((elapsedMs * (1 - fraction)) / fraction);
  return `${text}, ${Math.floor(Math.min(1, fraction) * 100)} %, about ${left} left`;
}
