/** One message of a stream as a client understands it. */
export interface ReceivedMessage {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Reads the event-stream format the way the HTML standard says (section 9.2.6): lines end with CR, LF or both, an empty line
 * ends a message, a line that begins with a colon is a comment, and a message without data is none.
 */
export function readMessages(text: string): ReceivedMessage[] {
  const messages: ReceivedMessage[] = [];
  let fields = new Map<string, string>();
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === '') {
      const data = fields.get('data');
      if (data !== undefined) {
        messages.push({ id: fields.get('id'), event: fields.get('event') ?? 'message', data: JSON.parse(data) as ReceivedMessage['data'] });
      }
      fields = new Map();
      continue;
    }
    if (line.startsWith(':')) continue;
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    fields.set(name, name === 'data' && fields.has('data') ? `${fields.get('data')}\n${value}` : value);
  }
  return messages;
}
