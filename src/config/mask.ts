/** Shorter secrets would be given away by showing seven of their characters. */
const shortestShown = 12;

/**
 * What may be shown of a secret: its first three and last four characters.
 *
 * @param secret one key, whole
 * @returns `sk-…abcd`, or `***` for fewer than 12 characters
 */
export function mask(secret: string): string {
  if (secret.length < shortestShown) return '***';
  return `${secret.slice(0, 3)}…${secret.slice(-4)}`;
}

/** Masks every key of a text where commas and bars stand between keys. */
export function maskKeys(text: string): string {
  return text.replace(/[^,|]+/g, (key) => mask(key.trim()));
}

/**
 * Hides what may be secret in a URL: user, password, query and fragment. It goes by the last `@`, so that text
 * which is no URL, or a list of them, gives nothing away either.
 */
export function maskUrl(text: string): string {
  return text.replace(/^([a-z0-9+.-]+:\/\/)?.*@/is, '$1***@').replace(/([?#]).*$/s, '$1***');
}
