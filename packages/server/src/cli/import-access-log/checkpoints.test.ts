import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Checkpoints } from './checkpoints.js';

it('never claims a batch that has not been answered', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.nat()), (hasState, choice) => {
      const checkpoints = new Checkpoints<number>();
      const open = hasState.map((_, number) => number);
      const settled = new Set<number>();
      let saved = -1;
      while (open.length > 0) {
        const [number = 0] = open.splice((choice.next().value ?? 0) % open.length, 1);
        settled.add(number);
        const state = checkpoints.settle(number, hasState[number] === true ? number : undefined);
        if (state !== undefined) {
          expect(state).toBeGreaterThan(saved);
          saved = state;
        }
        // What may be claimed: the latest state of the batches that were answered without a gap.
        const gap = hasState.findIndex((_, other) => !settled.has(other));
        const below = gap === -1 ? hasState.length : gap;
        expect(saved).toBe(hasState.slice(0, below).lastIndexOf(true));
      }
    }),
  );
});
