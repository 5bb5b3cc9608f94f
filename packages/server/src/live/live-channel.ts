import type { LiveMessageType } from './live-message.js';

/** Messages are remembered while somebody listens, and so long after the last one has gone, who may come back. */
const REMEMBERED_MS = 5 * 60_000;

/** One message, written as Server-Sent Events have it when somebody wants it. */
class LiveMessage {
  /** Position among the messages of the channel, from 1 on without a gap. */
  readonly sequence: number;
  readonly type: LiveMessageType;
  readonly #epoch: string;
  #content: (() => object) | undefined;
  #text = '';

  constructor(epoch: string, sequence: number, type: LiveMessageType, content: () => object) {
    this.#epoch = epoch;
    this.sequence = sequence;
    this.type = type;
    this.#content = content;
  }

  text(): string {
    if (this.#content !== undefined) {
      this.#text = `id: ${this.#epoch}-${this.sequence}\n${serverSentEvent(this.type, this.#content())}`;
      this.#content = undefined;
    }
    return this.#text;
  }
}

/** Receives the messages of a channel; must not throw and must not wait. */
export interface LiveReceiver {
  readonly types: ReadonlySet<LiveMessageType>;
  receive(text: string): void;
}

/** The last messages of a project, and who listens to them. */
export class LiveChannel {
  readonly #epoch: string;
  readonly #ringMax: number;
  readonly #clock: () => number;
  readonly #receivers = new Set<LiveReceiver>();
  #ring: LiveMessage[] = [];
  #sequence = 0;
  /** When the last one who listened has gone. */
  #leftMs = Number.NEGATIVE_INFINITY;

  /**
   * @param epoch tells the messages of this channel from those of another process
   * @param ringMax messages that are remembered at least
   * @param clock UTC milliseconds
   */
  constructor(epoch: string, ringMax: number, clock: () => number) {
    this.#epoch = epoch;
    this.#ringMax = ringMax;
    this.#clock = clock;
  }

  get isHeard(): boolean {
    return this.#receivers.size > 0;
  }

  /** Are messages sent or remembered? While nobody listens, and nobody may come back, they are not even made. */
  get isAwake(): boolean {
    return this.isHeard || this.#clock() - this.#leftMs <= REMEMBERED_MS;
  }

  /**
   * Sends messages, oldest first, of a channel that is awake. Each is written as text once, however many listen.
   *
   * @param contentOf takes from what is sent what is kept, and says how it is shown
   */
  send<Given>(type: LiveMessageType, given: readonly Given[], contentOf: (each: Given) => () => object): void {
    const messages = given.map((each) => new LiveMessage(this.#epoch, ++this.#sequence, type, contentOf(each)));
    this.#ring.push(...messages);
    // Cut now and then only: moving the whole ring for every message would take longer than the message.
    if (this.#ring.length > 2 * this.#ringMax) this.#ring = this.#ring.slice(-this.#ringMax);
    const listening = [...this.#receivers].filter((receiver) => receiver.types.has(type));
    if (listening.length === 0) return;
    const text = messages.map((message) => message.text()).join('');
    for (const receiver of listening) receiver.receive(text);
  }

  /** Tells those who listen to a type something that is no message of the ring. */
  tell(type: LiveMessageType, text: string): void {
    for (const receiver of this.#receivers) if (receiver.types.has(type)) receiver.receive(text);
  }

  /** Forgets all messages; whoever comes back is told that some are missing. */
  forget(): void {
    this.#ring = [];
    this.#sequence++;
  }

  add(receiver: LiveReceiver): void {
    // What happened while it slept has no number, and is missing all the same.
    if (!this.isAwake) this.forget();
    this.#receivers.add(receiver);
  }

  remove(receiver: LiveReceiver): void {
    if (this.#receivers.delete(receiver)) this.#leftMs = this.#clock();
  }

  /**
   * What came after a message, as far as it is known.
   *
   * @param lastId id of the last message that somebody received
   * @returns undefined when messages in between are not known any more, or the id is none of this channel
   */
  after(lastId: string, types: ReadonlySet<LiveMessageType>): string | undefined {
    const [, epoch, digits] = /^(\w+)-(\d{1,15})$/.exec(lastId) ?? [];
    const sequence = Number(digits);
    if (!this.isAwake) return undefined;
    if (epoch !== this.#epoch || sequence > this.#sequence || sequence < this.#sequence - this.#ring.length) return undefined;
    const missed = this.#ring.filter((message) => message.sequence > sequence && types.has(message.type));
    return missed.map((message) => message.text()).join('');
  }
}

/** One message of the event-stream format. JSON has no line breaks of its own, so its text is one line. */
export function serverSentEvent(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
