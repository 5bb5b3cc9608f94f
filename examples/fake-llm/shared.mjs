// What the OpenAI and the Anthropic answers have in common.
import { randomBytes } from 'node:crypto';

/** A new id in the style of the providers: a prefix and random hex. */
export const newId = (prefix) => prefix + randomBytes(12).toString('hex');

/** The text of every answer that is not a tool call, and its parts as a stream sends them. */
export const ANSWER = 'It is 21 degrees and sunny in Paris.';
export const ANSWER_PARTS = ANSWER.split(/(?<= )/);

/** The arguments of every tool call: they suit a weather tool. */
export const TOOL_ARGUMENTS = { city: 'Paris' };
