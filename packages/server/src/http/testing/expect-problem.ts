import { ERROR_CODES, type ErrorCode } from '@systemprompt-analytics/core';
import { expect } from 'vitest';
import type { TestAnswer } from './test-server.js';

/** The answer is a complete problem of this code, and tells nothing of the inside. */
export function expectProblem(answer: TestAnswer, code: ErrorCode, more: { readonly path?: string; readonly detail?: RegExp } = {}): void {
  const { status, title, help } = ERROR_CODES[code];
  expect(answer.text).toContain(code);
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json(?:;|$)/);
  const problem = answer.json();
  expect(problem).toEqual({
    type: `/docs#${code}`,
    title,
    status,
    detail: expect.stringMatching(more.detail ?? /\S/),
    code,
    help,
    ...(problem['path'] === undefined && more.path === undefined ? {} : { path: more.path ?? expect.any(String) }),
    request_id: expect.stringMatching(/\S/),
  });
  expect(String(problem['detail']).length).toBeLessThan(2000);
  expect(answer.text).not.toMatch(/node_modules|\.ts:\d|\.js:\d|FST_ERR/);
}
