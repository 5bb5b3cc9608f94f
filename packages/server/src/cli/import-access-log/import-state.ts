import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ACCESS_LOG_FORMATS, type AccessLogFormat } from '@systemprompt-analytics/core';
import { isRecord } from '../api-client.js';
import type { WindowSnapshot } from './line-window.js';
import type { SavedLogs, SavedPosition } from './log-file.js';

/** How far the import of one log came, so that the next one goes on there. */
export interface ImportState extends SavedLogs {
  /** Undefined while no line was read that could tell; the same with the format. */
  readonly site?: string;
  readonly format?: AccessLogFormat;
  readonly window: WindowSnapshot;
}

/** Raised when what is written changes its meaning; a file of another version is not used. */
const VERSION = 2;

/** What tells one import from another: the same log may go to several servers and projects. */
export interface ImportTarget {
  readonly log: string;
  readonly server: string;
  readonly project: string | undefined;
  /** The key that was given; it may decide over the project. */
  readonly key: string | undefined;
}

/** The file in the data folder that says how far an import came. Nothing is ever written beside the log. */
export class ImportStateFile {
  readonly path: string;

  constructor(dataFolder: string, target: ImportTarget) {
    const name = createHash('sha256')
      .update(JSON.stringify([resolve(target.log), target.server, target.project ?? '', target.key ?? '']))
      .digest('hex');
    this.path = join(dataFolder, 'imports', `${name.slice(0, 32)}.json`);
  }

  /** Undefined when there is none, or none that can be used: everything is sent then, and what is known counts once. */
  async load(): Promise<ImportState | undefined> {
    try {
      return readState(JSON.parse(await readFile(this.path, 'utf8')));
    } catch {
      return undefined;
    }
  }

  /** Replaces the file as a whole: a process that is killed leaves the old one or the new one. */
  async save(state: ImportState): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const draft = `${this.path}.${randomUUID()}`;
    try {
      await writeFile(draft, JSON.stringify({ version: VERSION, ...state }), { mode: 0o600 });
      await rename(draft, this.path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }
}

function readState(value: unknown): ImportState | undefined {
  if (!isRecord(value) || value['version'] !== VERSION) return undefined;
  const { site, format: name, logs, known, window } = value;
  const format = ACCESS_LOG_FORMATS.find((candidate) => candidate === name);
  if ((site !== undefined && typeof site !== 'string') || format !== name) return undefined;
  if (!Array.isArray(logs) || !logs.every(isPosition) || !Array.isArray(window) || !window.every(isWindowEntry)) return undefined;
  if (!Array.isArray(known) || !known.every(isText)) return undefined;
  return { ...(site !== undefined && { site }), ...(format !== undefined && { format }), logs, known, window };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isPosition(value: unknown): value is SavedPosition {
  if (!isRecord(value) || !isRecord(value['head'])) return false;
  const { offset, line, head } = value;
  return isCount(offset) && isCount(line) && isCount(head['bytes']) && typeof head['sha256'] === 'string';
}

function isWindowEntry(value: unknown): value is WindowSnapshot[number] {
  return Array.isArray(value) && typeof value[0] === 'string' && isCount(value[1]) && isCount(value[2]);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
