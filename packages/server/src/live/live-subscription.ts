import { Readable } from 'node:stream';
import { serverSentEvent } from './live-channel.js';
import type { LiveMessageType } from './live-message.js';

/**
 * The stream of one subscriber. What the connection does not take yet waits here, up to a limit; whoever reads more slowly
 * than that is told so and dropped, because the others and the ingest do not wait.
 */
export class LiveSubscription extends Readable {
  readonly types: ReadonlySet<LiveMessageType>;
  readonly #waitingBytesMax: number;
  #ended = false;

  constructor(types: ReadonlySet<LiveMessageType>, waitingBytesMax: number) {
    super({ encoding: 'utf8' });
    this.types = types;
    this.#waitingBytesMax = waitingBytesMax;
  }

  /** Sends text of the event-stream format. */
  receive(text: string): void {
    if (this.#ended) return;
    // What waits counts, not what comes: whoever keeps up may be sent as much at once as there is.
    if (this.readableLength > this.#waitingBytesMax) {
      this.finish('dropped', 'The connection takes less than is sent; connect again, with fewer types if need be.');
      return;
    }
    this.push(text);
  }

  /** Says why and ends the stream. */
  finish(name: 'dropped' | 'closed', reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.push(serverSentEvent(name, { reason }));
    this.push(null);
    this.emit('finished');
  }

  /** Messages are pushed when they come; there is nothing to fetch. */
  override _read(): void {}
}
