/**
 * A number that is a float although JavaScript would take it for an integer: `1.0`, `1e16`. Other floats and safe integers are
 * plain numbers; integers beyond are bigints.
 */
export class Float {
  constructor(readonly value: number) {}
}

/** A float read from text, in the form in which it is told from an integer. */
export function floatOf(value: number): number | Float {
  return Number.isInteger(value) || !Number.isFinite(value) ? new Float(value) : value;
}

/** Python's own limit: reading or writing more takes the square of the length. */
export const MOST_DIGITS = 4300;

/** @param digits - decimal, with a sign or without; more than Python reads are a float, which is infinite */
export function integerOf(digits: string): number | bigint | Float {
  const value = Number(digits);
  if (digits.length > MOST_DIGITS) return new Float(value);
  // Python has no negative zero among its integers.
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  return BigInt(digits);
}

/** A value as JSON or a Python literal has it; in maps the order of keys is that of the text, numbers too. */
export type Value = null | boolean | number | bigint | string | Float | Value[] | Map<Value, Value>;

/** A member of what JSON.parse, or one of the exact readers here, made of an object. */
export function memberOf(value: unknown, name: string): unknown {
  if (value instanceof Map) return value.get(name) as unknown;
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/**
 * The members that are not among `known`; undefined when there is none. Made at the end of each line, so by the quickest way.
 *
 * @param saying - only those that say something: not null, nor an empty list
 */
export function othersOf(
  fields: unknown,
  known: ReadonlySet<string>,
  saying: boolean,
): Map<string, unknown> | undefined {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined;
  let others: Map<string, unknown> | undefined;
  const take = (value: unknown, name: string): void => {
    if (known.has(name) || (saying && (value === null || (Array.isArray(value) && value.length === 0))))
      return;
    (others ??= new Map<string, unknown>()).set(name, value);
  };
  if (fields instanceof Map) fields.forEach(take);
  else if (!(fields instanceof Float))
    for (const name in fields) take((fields as Record<string, unknown>)[name], name);
  return others;
}
