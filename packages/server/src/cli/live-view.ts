import type { CliContext, CliInput } from './cli-context.js';
import { failureLines } from './print-failure.js';
import { type TextOutput, visibleText } from './terminal.js';

const CLEAR_SCREEN = '\u001b[2J';
const CURSOR_HOME = '\u001b[H';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const HIDE_CURSOR = '\u001b[?25l';
const QUIT_KEYS = new Set(['q', 'Q', '\u0003', '\u0004']);
const SHOW_CURSOR = '\u001b[?25h';

/**
 * Shows a text in place and refreshes it until `q` or Ctrl-C is pressed. Later failures are shown below the last view and
 * tried again: whoever watches a server wants to see it come back.
 *
 * @throws whatever the first `render` throws: nothing was shown yet then
 */
export async function runLiveView(
  render: (signal: AbortSignal) => Promise<string>,
  intervalMs: number,
  context: CliContext,
): Promise<void> {
  const quit = new AbortController();
  let text = await render(quit.signal);
  let failure = '';
  const release = listenForQuit(context.io.stdin, quit);
  const footer = context.view.paint.dim(`refreshed every ${intervalMs / 1000} s · q quits`);
  // Without a keyboard Ctrl-C ends the program at once, and nothing would bring the cursor back.
  context.print((context.io.stdin.isTTY === true ? HIDE_CURSOR : '') + CLEAR_SCREEN);
  try {
    while (!quit.signal.aborted) {
      context.print(frameOf([...text.trimEnd().split('\n'), '', failure === '' ? footer : failure], context.io.stdout));
      await context.io.wait(intervalMs, quit.signal).catch(ignoreAbort(quit.signal));
      if (quit.signal.aborted) break;
      try {
        text = await render(quit.signal);
        failure = '';
      } catch (error) {
        const [line] = failureLines(error);
        failure = context.view.paint.red(visibleText(`${line?.[1] ?? ''} Trying again; q quits.`));
      }
    }
  } finally {
    release();
    context.print(SHOW_CURSOR);
  }
}

/** Lines are overwritten one by one instead of clearing the screen first, which would flicker. */
function frameOf(lines: readonly string[], output: TextOutput): string {
  const rows = output.rows || 24;
  // The last screen line stays free: a line break on it would scroll the view.
  const fitting =
    lines.length < rows ? lines : [...lines.slice(0, Math.max(1, rows - 3)), `… ${lines.length - rows + 2} more lines`, lines.at(-1) ?? ''];
  return `${CURSOR_HOME}${fitting.map((line) => `${line}${CLEAR_LINE_END}\n`).join('')}${CLEAR_BELOW}`;
}

/** In raw mode Ctrl-C arrives as a character, which lets the cursor come back before the program ends. */
function listenForQuit(input: CliInput, quit: AbortController): () => void {
  if (input.isTTY !== true) return () => undefined;
  const onData = (data: Buffer | string): void => {
    if ([...String(data)].some((key) => QUIT_KEYS.has(key))) quit.abort();
  };
  input.setRawMode?.(true);
  input.on('data', onData);
  input.resume();
  return () => {
    input.off('data', onData);
    input.setRawMode?.(false);
    input.pause();
  };
}

function ignoreAbort(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
