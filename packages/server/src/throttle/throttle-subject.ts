import type { ThrottleState } from '@systemprompt-analytics/core';

/** What a level belongs to: one session, or a visitor over all its sessions. */
export type SubjectKind = 'session' | 'fingerprint';

export const SUBJECT_KINDS: readonly SubjectKind[] = ['session', 'fingerprint'];

/** One session or visitor of a project. */
export interface ThrottleSubject {
  readonly projectId: string;
  readonly kind: SubjectKind;
  readonly id: string;
}

/** A subject with its level. */
export interface ThrottledSubject extends ThrottleSubject {
  readonly state: ThrottleState;
}

/** A key that no two subjects share: the id of a project has neither a line feed nor a colon. */
export function subjectKey(projectId: string, kind: SubjectKind, id: string): string {
  return kind === 'session' ? `s:${projectId}\n${id}` : `f:${projectId}\n${id}`;
}
