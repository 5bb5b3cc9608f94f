import { describe, expect, it } from 'vitest';
import { reasonOf } from './reason-of.js';

const withCode = (code: unknown): Error => Object.assign(new Error('as the system says it'), { code });

describe('the reason of a failure', () => {
  it.each([
    [withCode('ENOENT'), 'there is no such file or folder'],
    [withCode('EISDIR'), 'it is a folder'],
    [withCode('EACCES'), 'access to it is denied'],
    [withCode('Z_DATA_ERROR'), 'it is no gzip archive, or a damaged one'],
    [withCode('ECONNRESET'), 'as the system says it'],
    [withCode('constructor'), 'as the system says it'],
    [withCode(7), 'as the system says it'],
    [new Error('too long'), 'too long'],
    ['a text', 'a text'],
    [undefined, 'undefined'],
  ])('of %s is: %s', (cause, reason) => {
    expect(reasonOf(cause)).toBe(reason);
  });
});
