import { isObject } from './answers.ts';

const defaultDimensions = 1536;

/** Answers an embeddings request, or the name of the field that is wrong. */
export function embeddings(body: Record<string, unknown>): object | { wrong: string } {
  if (typeof body.model !== 'string') return { wrong: 'model' };
  const inputs = readInputs(body.input);
  if (!inputs) return { wrong: 'input' };
  const size = body.dimensions ?? defaultDimensions;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > 4096)
    return { wrong: 'dimensions' };
  const format = body.encoding_format ?? 'float';
  if (format !== 'float' && format !== 'base64') return { wrong: 'encoding_format' };
  const data = inputs.map((input, index) => {
    const vector = unitVector(input, size);
    return {
      object: 'embedding',
      index,
      embedding: format === 'base64' ? base64(vector) : Array.from(vector),
    };
  });
  const tokens = inputs.reduce((sum, input) => sum + input.split(/\s+/).length, 0);
  return { object: 'list', data, model: body.model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

/** A string, an array of strings, an array of tokens, or an array of token arrays: the four forms OpenAI takes. */
function readInputs(input: unknown): string[] | undefined {
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input) || input.length === 0) return undefined;
  if (input.every((item) => typeof item === 'number')) return [input.join(' ')];
  if (input.some((item) => typeof item !== 'string' && !Array.isArray(item))) return undefined;
  return input.map((item) => (Array.isArray(item) ? item.join(' ') : item));
}

/** The same text always gives the same vector, of length 1 as OpenAI's are. */
function unitVector(text: string, size: number): Float32Array {
  let state = Bun.hash.xxHash32(text) || 1;
  const vector = Float32Array.from({ length: size }, () => {
    // xorshift32: deterministic, and no dependency on the runtime's own random numbers.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0xffffffff - 0.5;
  });
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

/** OpenAI's base64 form: the little-endian 32-bit floats, one after another. */
function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer).toString('base64');
}

/** True when `result` names a wrong field instead of being an answer. */
export function isWrong(result: object): result is { wrong: string } {
  return isObject(result) && typeof result.wrong === 'string';
}
