import type { SubjectKind } from './throttle-subject.js';

type Generation<Value> = Map<string, Readonly<Record<SubjectKind, Map<string, Value>>>>;

/**
 * Values of the sessions and visitors used last, of bounded number. There are two generations: a subject that is used moves
 * into the younger one, and when that is full the older one is dropped as a whole. So nothing is sorted or linked, and using a
 * subject is one or two lookups; dropping the oldest out of one map would walk over all that was dropped before.
 *
 * Subjects are found project by project and kind by kind: a key put together of all three would have to be made, copied and
 * hashed for every lookup, which took longer than the lookup.
 */
export class RecentSubjects<Value> {
  readonly #generationMax: number;
  #young: Generation<Value> = new Map();
  #old: Generation<Value> = new Map();
  #youngSize = 0;
  #oldSize = 0;

  /** @param subjectsMax at least 2; of these at least the half used last are kept */
  constructor(subjectsMax: number) {
    this.#generationMax = Math.max(1, Math.floor(subjectsMax / 2));
  }

  /** Subjects that are kept at the moment. */
  get size(): number {
    return this.#youngSize + this.#oldSize;
  }

  /** The value of a subject, which is used by that. */
  use(projectId: string, kind: SubjectKind, id: string): Value | undefined {
    const young = this.#young.get(projectId)?.[kind].get(id);
    if (young !== undefined || this.#oldSize === 0) return young;
    const ofOld = this.#old.get(projectId)?.[kind];
    const old = ofOld?.get(id);
    if (ofOld === undefined || old === undefined) return undefined;
    ofOld.delete(id);
    this.#oldSize--;
    this.#add(projectId, kind, id, old);
    return old;
  }

  /** Sets the value of a subject, which is used by that. */
  set(projectId: string, kind: SubjectKind, id: string, value: Value): void {
    const young = this.#young.get(projectId)?.[kind];
    if (young?.has(id) === true) {
      young.set(id, value);
      return;
    }
    if (this.#old.get(projectId)?.[kind].delete(id) === true) this.#oldSize--;
    this.#add(projectId, kind, id, value);
  }

  /** Drops a subject. */
  delete(projectId: string, kind: SubjectKind, id: string): void {
    if (this.#young.get(projectId)?.[kind].delete(id) === true) this.#youngSize--;
    if (this.#old.get(projectId)?.[kind].delete(id) === true) this.#oldSize--;
  }

  /** Drops what was not used since the last time. */
  age(): void {
    this.#old = this.#young;
    this.#oldSize = this.#youngSize;
    this.#young = new Map();
    this.#youngSize = 0;
  }

  /** Every value, those used last at the end. */
  values(): Value[] {
    return [...this.#old.values(), ...this.#young.values()].flatMap(({ session, fingerprint }) => [
      ...session.values(),
      ...fingerprint.values(),
    ]);
  }

  #add(projectId: string, kind: SubjectKind, id: string, value: Value): void {
    if (this.#youngSize >= this.#generationMax) this.age();
    let ofProject = this.#young.get(projectId);
    if (ofProject === undefined) {
      ofProject = { session: new Map(), fingerprint: new Map() };
      this.#young.set(projectId, ofProject);
    }
    ofProject[kind].set(id, value);
    this.#youngSize++;
  }
}
