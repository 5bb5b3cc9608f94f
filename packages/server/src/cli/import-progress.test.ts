import { expect, it } from 'vitest';
import { ImportProgress, progressText } from './import-progress.js';

function watch(isTTY: boolean) {
  let text = '';
  const clock = { now: 0 };
  const write = (part: string): void => {
    text += part;
  };
  const output = { isTTY, write };
  return { clock, progress: new ImportProgress(output, () => clock.now), text: () => text };
}

it('says events, rate, part and time left', () => {
  expect(progressText(120_000, 5000, 0.48)).toBe('120,000 events, 24,000 events/s, 48 %, about 5.4 s left');
  expect(progressText(10, 1000, undefined)).toBe('10 events, 10 events/s');
  expect(progressText(0, 0, 0)).toBe('0 events, 0 events/s');
});

it('rewrites one line on a terminal, and leaves none behind', () => {
  const { clock, progress, text } = watch(true);
  progress.show(1, 0.1);
  clock.now = 200;
  progress.show(2, undefined);
  clock.now = 300;
  progress.show(3, undefined);
  progress.say('hello');
  progress.finish();
  expect(text()).toBe('\r2 events, 10 events/s\u001b[K\r\u001b[Khello\n');
});

it('writes a line every 10 s to a log', () => {
  const { clock, progress, text } = watch(false);
  for (clock.now = 0; clock.now <= 21_000; clock.now += 1000) progress.show(clock.now, undefined);
  progress.finish();
  expect(text()).toBe('10,000 events, 1,000 events/s\n20,000 events, 1,000 events/s\n');
});
