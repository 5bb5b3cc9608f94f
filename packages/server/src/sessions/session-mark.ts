/** What a person says of a session; the empty mark takes it back. */
export const MARKS = ['human', 'bot', ''] as const;
export type Mark = (typeof MARKS)[number];
