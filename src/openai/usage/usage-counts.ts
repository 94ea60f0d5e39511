/** Tokens as an answer reports them. */
export interface Counts {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly total: number | undefined;
  /** Of `input`, what the upstream had cached. */
  readonly cached: number | undefined;
  /** Of `output`, what was thought and not said. */
  readonly reasoning: number | undefined;
}

/** What was found in a body. */
export interface Found extends Counts {
  /** The counts are the answer's own; else only `input` may be, and `text` is what is known of the output. */
  readonly reported: boolean;
  /** Server-sent events with content that came. */
  readonly events: number;
  /** Estimated tokens of the content that came; 0 when `reported`. */
  readonly text: number;
  /** The answer tells of an error. */
  readonly failed?: boolean;
}

export const nothingFound: Found = {
  input: undefined,
  output: undefined,
  total: undefined,
  cached: undefined,
  reasoning: undefined,
  reported: false,
  events: 0,
  text: 0,
};

export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object with fields, else undefined. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

/**
 * Reads a `usage` object: of chat, completions and embeddings (`prompt_tokens`), or of Responses, transcriptions and
 * Anthropic (`input_tokens`).
 * @returns undefined when it has no counts, or nothing but zeros: some servers send those for "not counted"
 */
export function countsOf(usage: unknown): Counts | undefined {
  const fields = fieldsOf(usage);
  if (!fields) return undefined;
  const input = tokens(fields.prompt_tokens) ?? tokens(fields.input_tokens);
  const output = tokens(fields.completion_tokens) ?? tokens(fields.output_tokens);
  const total = tokens(fields.total_tokens);
  if (!input && !output && !total) return undefined;
  const inputDetails = fieldsOf(fields.prompt_tokens_details) ?? fieldsOf(fields.input_tokens_details);
  const outputDetails = fieldsOf(fields.completion_tokens_details) ?? fieldsOf(fields.output_tokens_details);
  const cached = tokens(inputDetails?.cached_tokens) ?? tokens(fields.cache_read_input_tokens);
  return { input, output, total, cached, reasoning: tokens(outputDetails?.reasoning_tokens) };
}

/** Counts with their total, where it follows from the others. */
export function withTotal(counts: Counts): Counts {
  const { input, output, total } = counts;
  const sum = input !== undefined && output !== undefined ? input + output : undefined;
  return { ...counts, total: total ?? sum };
}

function tokens(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
