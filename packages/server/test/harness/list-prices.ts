/**
 * List prices in picodollars per token, written down by hand from the providers' price lists (1 $ per million tokens is
 * 1,000,000 picodollars per token), so that the product's price book does not check itself.
 */
export const PICODOLLARS_PER_TOKEN = {
  /** gpt-4.1-mini: 0.40 $/M input, 1.60 $/M output. */
  gpt: { input: 400_000n, output: 1_600_000n },
  /** text-embedding-3-small: 0.02 $/M. */
  embedding: { input: 20_000n },
  /** claude-sonnet-4-6: 3 $/M input, 0.30 cache read, 3.75 cache write for 5 minutes, 6 for 1 hour, 15 output. */
  claude: { input: 3_000_000n, cacheRead: 300_000n, cacheWrite5m: 3_750_000n, cacheWrite1h: 6_000_000n, output: 15_000_000n },
} as const;

const { gpt, embedding, claude } = PICODOLLARS_PER_TOKEN;

/** The calls that the fake LLM answers and that were captured, whose usage is fixed. Cached tokens of OpenAI are not reported. */
export const CALL_PICODOLLARS = {
  /** 819,200,000 + 132,800,000 */
  gptToolCall: 2048n * gpt.input + 83n * gpt.output,
  /** 846,400,000 + 33,600,000 */
  gptAnswer: 2116n * gpt.input + 21n * gpt.output,
  embedding: 7n * embedding.input,
  /** 36,000,000 + 1,500,000,000 + 2,250,000,000 + 2,400,000,000 + 630,000,000 */
  claude: 12n * claude.input + 5000n * claude.cacheRead + 600n * claude.cacheWrite5m + 400n * claude.cacheWrite1h + 42n * claude.output,
} as const;
