import type { ClientFacts } from '../../enrichment/client-facts.js';

/** What a session is known to have been. */
export type SessionLabel = 'bot' | 'human';

/** A client of a log: what its sessions are told apart by. */
export interface LoggedClient {
  /** The address in its one spelling, or the host name in lower case where the log has names. */
  readonly address: string;
  /** Empty when the client sent none, or the log does not tell. */
  readonly userAgent: string;
  readonly facts: ClientFacts;
}

/** Tells what the sessions of a client were. */
export interface SessionLabels {
  /** Do the labels come from the user agent, so that whatever else reads it would only find the label again? */
  readonly fromUserAgent: boolean;
  /** Labels that no session was found for, of those asked so far. */
  readonly unused: number;
  /** Undefined when it is not known. */
  labelOf(client: LoggedClient): SessionLabel | undefined;
}

/**
 * Takes clients at their word: a bot is what declares one by its user agent or has none, a person what names a browser. What names neither
 * (an application of its own) has no label. Bots that pose as a browser count as people here, so rates of people called bots come out too high.
 */
export const DECLARED_LABELS: SessionLabels = {
  fromUserAgent: true,
  unused: 0,
  labelOf({ facts }) {
    if (facts.bot.declared) return 'bot';
    return facts.browser === '' ? undefined : 'human';
  },
};
