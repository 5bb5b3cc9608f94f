import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentSubjects } from './recent-subjects.js';
import type { SubjectKind } from './throttle-subject.js';

const anySubject = fc.record({
  projectId: fc.constantFrom('a', 'b'),
  kind: fc.constantFrom<SubjectKind[]>('session', 'fingerprint'),
  id: fc.nat({ max: 8 }).map(String),
});
const nameOf = ({ projectId, kind, id }: { projectId: string; kind: SubjectKind; id: string }): string => `${projectId} ${kind} ${id}`;

describe('RecentSubjects', () => {
  it('keeps at least the half used last, and never more than the bound', () => {
    const anyStep = fc.record({ subject: anySubject, action: fc.constantFrom('use', 'use', 'set', 'delete') });
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 300 }), fc.integer({ min: 2, max: 20 }), (steps, subjectsMax) => {
        const subjects = new RecentSubjects<string>(subjectsMax);
        // The oracle: values in the order of their last use.
        const used = new Map<string, string>();
        for (const [step, { subject, action }] of steps.entries()) {
          const { projectId, kind, id } = subject;
          const name = nameOf(subject);
          const mustBeKept = [...used.keys()].slice(-Math.floor(subjectsMax / 2)).includes(name);
          if (action === 'delete') {
            subjects.delete(projectId, kind, id);
            used.delete(name);
          } else {
            const value = action === 'use' ? subjects.use(projectId, kind, id) : undefined;
            if (action === 'use' && (mustBeKept || value !== undefined)) expect(value).toBe(used.get(name));
            if (value === undefined) subjects.set(projectId, kind, id, `${name} of step ${step}`);
            const now = subjects.use(projectId, kind, id);
            used.delete(name);
            used.set(name, now ?? 'lost');
            expect(now).toBe(value ?? `${name} of step ${step}`);
          }
          expect(subjects.size).toBeLessThanOrEqual(subjectsMax);
          expect(subjects.values()).toHaveLength(subjects.size);
        }
      }),
    );
  });

  it('drops what is not used from one ageing to the next', () => {
    const subjects = new RecentSubjects<number>(100);
    subjects.set('p', 'session', 'used', 1);
    subjects.set('p', 'session', 'idle', 2);
    subjects.age();
    expect(subjects.use('p', 'session', 'used')).toBe(1);
    expect(subjects.values()).toEqual([2, 1]);
    subjects.age();
    expect([subjects.use('p', 'session', 'used'), subjects.use('p', 'session', 'idle'), subjects.size]).toEqual([1, undefined, 1]);
  });
});
