/** Tokens as an answer reports them. */
export interface Counts {
  /** All input, cached or written to the cache too, as OpenTelemetry's GenAI conventions have it. */
  readonly input: number | undefined;
  /** All output, reasoning too. */
  readonly output: number | undefined;
  readonly total: number | undefined;
  /** Of `input`, what the upstream had cached. */
  readonly cached: number | undefined;
  /** Of `output`, what was thought and not said. */
  readonly reasoning: number | undefined;
  readonly priced?: PricedApart | undefined;
}

/** Parts of input and output that have prices of their own, in tokens. */
export interface PricedApart {
  /** Of the input, what was written to the upstream's cache for 5 minutes, and for an hour. */
  readonly written?: number | undefined;
  readonly writtenHour?: number | undefined;
  readonly audioInput?: number | undefined;
  /** Of the cached input. */
  readonly audioCached?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly imageInput?: number | undefined;
  /** Of the cached input. */
  readonly imageCached?: number | undefined;
  readonly imageOutput?: number | undefined;
}

/** What was found in a body. */
export interface Found extends Counts {
  /** The counts are the answer's own; else only the input's may be, and `text` is what is known of the output. */
  readonly reported: boolean;
  /** Server-sent events with content that came. */
  readonly events: number;
  /** Estimated tokens of the content that came; 0 when `reported`. */
  readonly text: number;
  /** The answer tells of an error. */
  readonly failed?: boolean;
  /** Seconds of sound, where the upstream bills those and not tokens. */
  readonly seconds?: number | undefined;
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

/** A count beyond this is a slip. */
const MOST_TOKENS = 1e9;

/** A number of tokens, also one that is written as text. */
function tokens(value: unknown): number | undefined {
  const number =
    typeof value === 'string' && value.length <= 20 && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number <= MOST_TOKENS ? number : undefined;
}

/** The first of the fields that is a count above 0, else one that is 0. */
function first(fields: Fields | undefined, ...names: string[]): number | undefined {
  if (!fields) return undefined;
  let zero: number | undefined;
  for (const name of names) {
    const count = tokens(fields[name]);
    if (count) return count;
    zero ??= count;
  }
  return zero;
}

/** The sum; undefined when none of them is given. */
function sum(...counts: (number | undefined)[]): number | undefined {
  let all: number | undefined;
  for (const count of counts) if (count !== undefined) all = (all ?? 0) + count;
  return all;
}

/**
 * Reads a `usage` object in any form: of chat, completions and embeddings (`prompt_tokens`), of Responses, images and
 * transcriptions (`input_tokens`), of Anthropic (cache reads and writes beside `input_tokens`), Gemini
 * (`promptTokenCount`), Cohere (`billed_units`, `tokens`), Bedrock (`inputTokens`), Ollama (`prompt_eval_count`) and
 * llama.cpp (`tokens_evaluated`, `prompt_n`).
 * @returns undefined when it has no counts, or nothing but zeros: some servers send those for "not counted"
 */
export function countsOf(usage: unknown): Counts | undefined {
  const fields = fieldsOf(usage);
  if (!fields) return undefined;
  // Of what was used and what was billed, the conventions want what was billed.
  const counts = plainCounts(fields) ?? countsOf(fields.billed_units) ?? countsOf(fields.tokens);
  const cached = counts && (counts.cached ?? tokens(fields.cached_tokens));
  return counts && cached !== counts.cached ? { ...counts, cached } : counts;
}

function plainCounts(fields: Fields): Counts | undefined {
  const inDetails =
    fieldsOf(fields.prompt_tokens_details) ??
    fieldsOf(fields.input_tokens_details) ??
    fieldsOf(fields.input_token_details);
  const outDetails =
    fieldsOf(fields.completion_tokens_details) ??
    fieldsOf(fields.output_tokens_details) ??
    fieldsOf(fields.output_token_details);
  const cachedWithin = first(inDetails, 'cached_tokens') ?? cachedOf(fields);
  const beside = cachedWithin === undefined ? cacheBeside(fields) : undefined;
  const cached = cachedWithin ?? beside?.cached ?? cachedOf(fields, true);
  const total = first(fields, 'total_tokens', 'totalTokenCount', 'totalTokens');
  const input = sum(inputOf(fields), beside?.cached, beside?.written);
  const reasoning =
    first(outDetails, 'reasoning_tokens') ?? first(fields, 'thoughtsTokenCount', 'reasoning_tokens');
  const output = sum(
    first(fields, ...outputNames),
    // Gemini counts thoughts beside what was said.
    tokens(fields.thoughtsTokenCount),
  );
  if (!input && !output && !total) return undefined;
  const whole = completed({ input, output, total, cached, reasoning });
  const priced = pricedApart(fields, inDetails, outDetails, beside?.written);
  return priced ? { ...whole, priced } : whole;
}

const outputNames = [
  'completion_tokens',
  'output_tokens',
  'candidatesTokenCount',
  'responseTokenCount',
  'outputTokens',
  'outputTokenCount',
  'eval_count',
  'tokens_predicted',
  'predicted_n',
];

function inputOf(fields: Fields): number | undefined {
  const input = first(
    fields,
    'prompt_tokens',
    'input_tokens',
    'promptTokenCount',
    'inputTokens',
    'inputTokenCount',
    'prompt_eval_count',
    'tokens_evaluated',
    'prompt_n',
  );
  return sum(input, tokens(fields.toolUsePromptTokenCount));
}

/** Cached input that is part of the input. @param beside - by the names that else stand beside it */
function cachedOf(fields: Fields, beside = false): number | undefined {
  return beside
    ? first(fields, 'cache_read_input_tokens')
    : first(fields, 'prompt_cache_hit_tokens', 'cachedContentTokenCount');
}

/** Input read from and written to the upstream's cache, where it is not in the input's count: Anthropic, Bedrock, llama.cpp. */
function cacheBeside(
  fields: Fields,
): { cached: number | undefined; written: number | undefined } | undefined {
  // Gateways that add Anthropic's fields to OpenAI's form have them in `prompt_tokens`.
  if (tokens(fields.prompt_tokens) !== undefined) return undefined;
  const cached = first(
    fields,
    'cache_read_input_tokens',
    'cacheReadInputTokens',
    'cacheReadInputTokenCount',
    'cache_n',
  );
  const written = writtenOf(fields);
  return cached === undefined && written === undefined ? undefined : { cached, written };
}

function writtenOf(fields: Fields): number | undefined {
  const written = first(
    fields,
    'cache_creation_input_tokens',
    'cacheWriteInputTokens',
    'cacheWriteInputTokenCount',
  );
  if (written) return written;
  const split = fieldsOf(fields.cache_creation);
  return sum(tokens(split?.ephemeral_5m_input_tokens), tokens(split?.ephemeral_1h_input_tokens)) ?? written;
}

/** Fills in what follows from the others. */
function completed(counts: Counts): Counts {
  const { total = 0, cached, reasoning } = counts;
  let { input, output } = counts;
  // Rerankers and embeddings have a total only.
  if (!input && total > (output ?? 0)) input = total - (output ?? 0);
  const rest = total - (input ?? 0) - (output ?? 0);
  // xAI and others count reasoning beside the output, Gemini's OpenAI form without a word.
  if (rest > 0 && (rest === reasoning || (!reasoning && cached === undefined && input)))
    output = (output ?? 0) + rest;
  return { ...counts, input, output };
}

function pricedApart(
  fields: Fields,
  inDetails: Fields | undefined,
  outDetails: Fields | undefined,
  besideWritten: number | undefined,
): PricedApart | undefined {
  const cachedDetails = fieldsOf(inDetails?.cached_tokens_details);
  const written = besideWritten ?? first(inDetails, 'cache_write_tokens') ?? writtenOf(fields);
  const writtenHour = Math.min(
    written ?? 0,
    tokens(fieldsOf(fields.cache_creation)?.ephemeral_1h_input_tokens) ?? 0,
  );
  const { promptTokensDetails, cacheTokensDetails, candidatesTokensDetails } = fields;
  const apart = {
    written: (written ?? 0) - writtenHour,
    writtenHour,
    audioInput: first(inDetails, 'audio_tokens') ?? ofModality(promptTokensDetails, 'AUDIO'),
    audioCached: first(cachedDetails, 'audio_tokens') ?? ofModality(cacheTokensDetails, 'AUDIO'),
    audioOutput: first(outDetails, 'audio_tokens') ?? ofModality(candidatesTokensDetails, 'AUDIO'),
    imageInput: first(inDetails, 'image_tokens') ?? ofModality(promptTokensDetails, 'IMAGE'),
    imageCached: first(cachedDetails, 'image_tokens') ?? ofModality(cacheTokensDetails, 'IMAGE'),
    imageOutput: first(outDetails, 'image_tokens') ?? ofModality(candidatesTokensDetails, 'IMAGE'),
  };
  const { audioInput, audioOutput, imageInput, imageOutput } = apart;
  return written || audioInput || audioOutput || imageInput || imageOutput ? apart : undefined;
}

/** Gemini's counts of one kind of input or output. */
function ofModality(details: unknown, modality: string): number | undefined {
  if (!Array.isArray(details)) return undefined;
  const found = details.find((each) => fieldsOf(each)?.modality === modality);
  return tokens(fieldsOf(found)?.tokenCount);
}

/** Counts with their total, which is no less than input and output. */
export function withTotal(counts: Counts): Counts {
  const { input, output, total } = counts;
  if (input === undefined || output === undefined) return counts;
  return total !== undefined && total >= input + output ? counts : { ...counts, total: input + output };
}

/** Fields of a message that hold its counts by themselves: Ollama's, llama.cpp's. */
export const ownCounts = ['prompt_eval_count', 'eval_count', 'tokens_evaluated', 'tokens_predicted'] as const;

/** Fields of a message, or of its `response`, that hold a usage object. */
export const usageHolders = [
  'usage',
  'usageMetadata',
  'usage_metadata',
  'meta',
  'amazon-bedrock-invocationMetrics',
] as const;

/**
 * The usage object of a message: a whole JSON answer, an event's data or a line. It may stand at its top, in `response`
 * (Responses, Cohere's `stream-end`), in `x_groq`, in a choice (Moonshot) or in `delta` (Cohere's `message-end`).
 */
export function usageIn(message: Fields): Fields | undefined {
  const { x_groq: groq, choices, delta, timings } = message;
  return (
    held(message) ??
    held(fieldsOf(message.response)) ??
    counting(fieldsOf(groq)?.usage) ??
    (Array.isArray(choices) ? inChoices(choices) : undefined) ??
    counting(fieldsOf(delta)?.usage) ??
    (ownCounts.some((name) => name in message) ? counting(message) : undefined) ??
    counting(timings)
  );
}

function held(fields: Fields | undefined): Fields | undefined {
  if (!fields) return undefined;
  for (const name of usageHolders) {
    const usage = fields[name] === undefined ? undefined : counting(fields[name]);
    if (usage) return usage;
  }
  return undefined;
}

function inChoices(choices: readonly unknown[]): Fields | undefined {
  for (let i = choices.length - 1; i >= 0; i--) {
    const usage = fieldsOf(choices[i])?.usage;
    if (usage !== undefined && countsOf(usage)) return fieldsOf(usage);
  }
  return undefined;
}

function counting(usage: unknown): Fields | undefined {
  return countsOf(usage) ? fieldsOf(usage) : undefined;
}

/** Seconds of sound that a transcription is billed for: `{"type": "duration", "seconds": 3}`. */
export function secondsIn(message: Fields): number | undefined {
  const usage = fieldsOf(message.usage);
  return usage?.type === 'duration' ? tokens(usage.seconds) : undefined;
}

/** A later usage object with an earlier one's fields where it has nothing, or zeros: Anthropic's prompt comes first. */
export function merged(earlier: Fields | undefined, later: Fields): Fields {
  if (!earlier) return later;
  const all: Record<string, unknown> = { ...earlier };
  for (const [name, value] of Object.entries(later)) {
    if (value !== null && value !== undefined && value !== 0) all[name] = value;
  }
  return all;
}
