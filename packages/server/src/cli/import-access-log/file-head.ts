import { createHash } from 'node:crypto';

/** The beginning of a log, by which it is known again under another name or in an archive: its first line, or a part of it. */
export interface FileHead {
  readonly bytes: number;
  readonly sha256: string;
}

/** Bytes of a file that are looked at. */
export const HEAD_BYTES_MAX = 1024;

/** The head of a file that begins so; undefined while its first line is not whole. */
export function headOf(beginning: Buffer): FileHead | undefined {
  const lineBreak = beginning.subarray(0, HEAD_BYTES_MAX).indexOf(0x0a);
  if (lineBreak === -1 && beginning.length < HEAD_BYTES_MAX) return undefined;
  const bytes = lineBreak === -1 ? HEAD_BYTES_MAX : lineBreak + 1;
  return { bytes, sha256: sha256(beginning.subarray(0, bytes)) };
}

/** Does a file that begins so have this head? */
export function hasHead(beginning: Buffer, head: FileHead): boolean {
  return beginning.length >= head.bytes && sha256(beginning.subarray(0, head.bytes)) === head.sha256;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
