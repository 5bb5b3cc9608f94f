import { type ReceivedMessage, readMessages } from '../../../src/live/testing/read-messages.js';

/** Reads `/v1/live` as it comes, as a dashboard does. */
export class LiveReader {
  readonly #reading: Promise<void>;
  readonly #stop: AbortController;
  #waiting: { readonly isThere: () => boolean; readonly resolve: () => void }[] = [];
  #ended = false;

  private constructor(body: ReadableStream<Uint8Array>, stop: AbortController, onMessage: (message: ReceivedMessage) => void) {
    this.#stop = stop;
    this.#reading = this.#read(body, onMessage);
  }

  /** Opens the stream; every message is given to `onMessage` in order. */
  static async open(url: string, key: string, onMessage: (message: ReceivedMessage) => void): Promise<LiveReader> {
    const stop = new AbortController();
    const response = await fetch(`${url}/v1/live`, { headers: { authorization: `Bearer ${key}` }, signal: stop.signal });
    if (!response.ok || response.body === null) throw new Error(`/v1/live: ${response.status}`);
    return new LiveReader(response.body, stop, onMessage);
  }

  /** Resolves when enough has come. */
  async until(isThere: () => boolean): Promise<void> {
    if (isThere()) return;
    if (this.#ended) throw new Error('the stream ended before what was waited for');
    await new Promise<void>((resolve) => this.#waiting.push({ isThere, resolve }));
    if (!isThere()) throw new Error('the stream ended before what was waited for');
  }

  /** Resolves when the server has ended the stream. */
  ended(): Promise<void> {
    return this.#reading;
  }

  /** Hangs up. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(body: ReadableStream<Uint8Array>, onMessage: (message: ReceivedMessage) => void): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const part of body) {
        rest += decoder.decode(part, { stream: true });
        const end = rest.lastIndexOf('\n\n') + 2;
        if (end < 2) continue;
        for (const message of readMessages(rest.slice(0, end))) onMessage(message);
        rest = rest.slice(end);
        this.#wake();
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    } finally {
      this.#ended = true;
      for (const { resolve } of this.#waiting) resolve();
    }
  }

  #wake(): void {
    this.#waiting = this.#waiting.filter(({ isThere, resolve }) => {
      if (!isThere()) return true;
      resolve();
      return false;
    });
  }
}
