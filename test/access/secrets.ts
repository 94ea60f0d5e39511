/** A secret that was found where none may be. */
export interface Leak {
  /** Which text. */
  readonly where: string;
  /** Which key, by its place in the list: a failed test must not show it either. */
  readonly key: number;
  /** How it was written. */
  readonly form: string;
}

/** What may be shown of a key: its first three and last four characters. */
const SHOWN_FIRST = 3;
const SHOWN_LAST = 4;
/** So many characters of a key's hidden part in a row are no accident. */
const RUN = 6;

/**
 * Looks for marked keys in texts: whole, in part, and as escapes and encodings write them.
 * @param texts - by a name for each; bytes are searched as they are
 * @param keys - random ones of 16 characters or more
 */
export function findSecrets(
  texts: Readonly<Record<string, string | Uint8Array>>,
  keys: readonly string[],
): Leak[] {
  const wanted = keys.flatMap((key, index) =>
    formsOf(key).map(([form, text]) => ({ key: index, form, text })),
  );
  return Object.entries(texts).flatMap(([where, text]) => {
    const haystack = typeof text === 'string' ? text : Buffer.from(text).toString('latin1');
    const lower = haystack.toLowerCase();
    return wanted
      .filter(({ form, text: needle }) => (form === 'hex' ? lower : haystack).includes(needle))
      .map(({ key, form }) => ({ where, key, form }));
  });
}

function formsOf(key: string): [form: string, text: string][] {
  if (key.length < 16) throw new Error('a marked key has 16 characters or more');
  const forms: [string, string][] = [
    ['whole', key],
    ['percent-encoded', encodeURIComponent(key)],
    ['reversed', [...key].toReversed().join('')],
    ['hex', Buffer.from(key).toString('hex')],
  ];
  // In base64 a text looks different by where in its triple it begins, and its ends mix with what is around.
  for (const shift of [0, 1, 2]) {
    const inside = Buffer.from(' '.repeat(shift) + key)
      .toString('base64')
      .replace(/=+$/, '');
    forms.push([`base64, shifted ${shift}`, inside.slice(shift === 0 ? 0 : shift + 1, -2)]);
    forms.push([
      `base64url, shifted ${shift}`,
      inside
        .slice(shift === 0 ? 0 : shift + 1, -2)
        .replaceAll('+', '-')
        .replaceAll('/', '_'),
    ]);
  }
  const hidden = key.slice(SHOWN_FIRST, -SHOWN_LAST);
  for (let at = 0; at + RUN <= hidden.length; at++)
    forms.push([`characters ${at + SHOWN_FIRST} on`, hidden.slice(at, at + RUN)]);
  return forms;
}
