/**
 * Who a request is counted for: the key it came with, as a digest, else its address. The same on every worker and after
 * a restart, and nobody can read a key from it.
 * @param key - the key the client came with
 * @param address - asked for only when there is no key
 */
export function userOf(key: string | undefined, address: () => string): string {
  if (key === undefined) return `a:${address()}`;
  return `k:${Bun.SHA256.hash(key, 'base64').slice(0, 22)}`;
}
