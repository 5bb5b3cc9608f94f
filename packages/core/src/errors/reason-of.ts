/** What the system's codes for a file mean, said so that it follows "cannot be read: ". */
const FILE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'access to it is denied',
  EPERM: 'access to it is denied',
  EROFS: 'it is on a disk that cannot be written to',
  ENOSPC: 'the disk is full',
  Z_DATA_ERROR: 'it is no gzip archive, or a damaged one',
  Z_BUF_ERROR: 'the archive ends before its end',
};

/**
 * Why something failed, as a part of a sentence: the words for a code of the system, else the message of the error.
 *
 * @example
 * ```ts
 * reasonOf(new Error('the line is not JSON')); // 'the line is not JSON'
 * ```
 */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return Object.hasOwn(FILE_REASONS, code) ? (FILE_REASONS[code] ?? cause.message) : cause.message;
}
