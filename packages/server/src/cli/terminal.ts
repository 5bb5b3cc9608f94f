/** A stream text is written to; the part of a Node stream the CLI needs. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** What decides whether text may carry colour codes. */
export interface ColourFacts {
  readonly isTTY: boolean;
  /** `NO_COLOR`: any text that is not empty switches colours off (no-color.org). */
  readonly noColor?: string | undefined;
  /** `FORCE_COLOR`: switches colours on without a terminal; `0` and `false` switch them off. */
  readonly forceColor?: string | undefined;
}

/** Are colour codes welcome? `NO_COLOR` wins over `FORCE_COLOR`: a person's wish wins over a build machine's. */
export function supportsColour(facts: ColourFacts): boolean {
  if (facts.noColor !== undefined && facts.noColor !== '') return false;
  if (facts.forceColor !== undefined) return facts.forceColor !== '0' && facts.forceColor !== 'false';
  return facts.isTTY;
}

/** Marks text for a terminal; without colours each function answers its text unchanged. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly cyan: (text: string) => string;
}

export function createPaint(colour: boolean): Paint {
  const mark = (on: number, off: number) => (text: string) => (colour && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return { bold: mark(1, 22), dim: mark(2, 22), red: mark(31, 39), cyan: mark(36, 39) };
}

/** How a rendered text is shown: `columns` is undefined where the width is unlimited, as in a pipe. */
export interface View {
  readonly columns: number | undefined;
  readonly paint: Paint;
}

/** The view of a stream. A terminal that does not know its size says 0. */
export function viewOf(output: TextOutput, colour: boolean): View {
  return { columns: output.isTTY === true ? output.columns || 80 : undefined, paint: createPaint(colour) };
}

const ZERO_WIDTH = /^(?:\p{Mark}|[\u200B-\u200D])$/u;
const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}\p{Emoji_Presentation}]$/u;

/** Cells a text takes on a terminal: East Asian characters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += ZERO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** Cuts a text to at most `width` cells; a cut one ends with `…`. */
export function truncateText(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const character of text) {
    const next = displayWidth(character);
    if (used + next > width - 1) break;
    kept += character;
    used += next;
  }
  return `${kept}…`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g;

/**
 * Makes text of unknown origin safe to show. User agents, tool names and error messages come from whoever sends
 * telemetry: an escape sequence in one could rewrite the reader's screen or run a terminal command.
 */
export function visibleText(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    if (code === 0x09 || code === 0x0a || code === 0x0d) return ' ';
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\uFFFD';
  });
}
