/** What a model costs, in dollars a million tokens. What is not given costs as the plain input or output. */
export interface Price {
  readonly input: number;
  /** Input that the upstream had cached. */
  readonly cached?: number;
  readonly output: number;
  /** Input that the upstream wrote to its cache, for 5 minutes. */
  readonly cache_write?: number;
  /** The same for an hour; as `cache_write` when it is not given. */
  readonly cache_write_1h?: number;
  readonly audio_input?: number;
  /** As `cached` when it is not given. */
  readonly audio_cached?: number;
  readonly audio_output?: number;
  readonly image_input?: number;
  /** As `cached` when it is not given. */
  readonly image_cached?: number;
  readonly image_output?: number;
  /** Dollars a minute of sound, for models that are billed so. */
  readonly minute?: number;
}

/** The prices that a model may have beside input and output. */
const optional = [
  'cached',
  'cache_write',
  'cache_write_1h',
  'audio_input',
  'audio_cached',
  'audio_output',
  'image_input',
  'image_cached',
  'image_output',
  'minute',
] as const satisfies (keyof Price)[];
const names: readonly string[] = ['input', 'output', ...optional];

/** Prices by the model's name; a name that ends in `*` stands for all that begin so. */
export type PriceList = Readonly<Record<string, Price>>;

/** A price beyond this is a slip: dollars for one token are none for a million. */
const DEAREST = 100_000;

/**
 * Reads `PRICES`: `{"gpt-4o": {"input": 2.5, "cached": 1.25, "output": 10}, "local-*": {"input": 0, "output": 0}}`.
 *
 * @throws RangeError that says what is wrong with it, in one line
 */
export function parsePrices(text: string): PriceList {
  const list: Record<string, Price> = {};
  for (const [name, value] of Object.entries(objectIn(text))) {
    if (name === '' || name.length > 200) throw new RangeError('a name of a model is empty or too long');
    list[name] = priceIn(name, value);
  }
  return list;
}

function objectIn(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RangeError('it is no JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new RangeError('it is no JSON object of models');
}

function priceIn(model: string, value: unknown): Price {
  const shown = JSON.stringify(model);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RangeError(`${shown} needs an object with input and output`);
  const strange = Object.keys(value).find((name) => !names.includes(name));
  if (strange !== undefined)
    throw new RangeError(
      `${shown} has ${JSON.stringify(strange)}, which is no price: it takes ${names.join(', ')}`,
    );
  const fields = value as Record<string, unknown>;
  const dollars = (name: string): number => {
    const price = fields[name];
    if (typeof price === 'number' && price >= 0 && price <= DEAREST) return price;
    throw new RangeError(`${shown}: ${name} is no price in dollars a million tokens`);
  };
  if (fields['input'] === undefined) throw new RangeError(`${shown} has no input price`);
  const price: { -readonly [name in keyof Price]: Price[name] } = {
    input: dollars('input'),
    // Embeddings have none.
    output: fields['output'] === undefined ? 0 : dollars('output'),
  };
  for (const name of optional) if (fields[name] !== undefined) price[name] = dollars(name);
  return price;
}
