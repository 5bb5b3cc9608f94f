import { type Command, InvalidArgumentError } from 'commander';
import type { ConnectionOptions } from './cli-context.js';

/** Options that every import has. */
export interface SendingOptions extends ConnectionOptions {
  readonly batch: number;
  readonly concurrency: number;
  readonly rejected?: string;
}

/** Adds `--batch`, `--concurrency` and `--rejected`. */
export function addSendingOptions(command: Command, concurrency: number): Command {
  return command
    .option('--batch <events>', 'events per request', integerBetween(1, 100_000), 2000)
    .option('--concurrency <requests>', 'requests under way at a time', integerBetween(1, 16), concurrency)
    .option('--rejected <file.ndjson>', 'write every rejected line with its reason to this file');
}

function integerBetween(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`Allowed: a whole number from ${minimum} to ${maximum}.`);
  };
}
