import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { AnalyticsError } from '@systemprompt-analytics/core';
import { withFile } from './file-fault.js';
import type { RejectedLine } from './send-batch.js';

/** The file that `--rejected` names: every rejected line with its reason. */
export class RejectedFile {
  readonly path: string;
  readonly #stream: WriteStream;

  private constructor(path: string, stream: WriteStream) {
    this.path = path;
    this.#stream = stream;
  }

  /**
   * Opened before anything is sent, so that no import runs whose rejected lines are lost.
   *
   * @param imported the file that is read
   * @param onError told when writing fails later
   * @throws AnalyticsError `invalid_parameter` when both are one file
   */
  static async open(path: string, imported: string, onError: (error: unknown) => void): Promise<RejectedFile> {
    if (resolve(path) === resolve(imported))
      throw new AnalyticsError('invalid_parameter', '--rejected names the imported file itself, which it would overwrite.');
    const stream = createWriteStream(resolve(path));
    await withFile(path, 'written', () => once(stream, 'open'));
    stream.on('error', onError);
    return new RejectedFile(resolve(path), stream);
  }

  /** Reason and text together: a malformed line is no JSON, and `jq -r .text` gives the lines back. */
  async write(rejected: readonly RejectedLine[]): Promise<void> {
    for (const fault of rejected) {
      if (!this.#stream.write(`${JSON.stringify(fault)}\n`)) await once(this.#stream, 'drain');
    }
  }

  async close(): Promise<void> {
    await finished(this.#stream.end());
  }
}
