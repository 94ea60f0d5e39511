import { connectionTokens } from './upstream/wire/head.ts';

/**
 * Request fields that belong to the client's hop (RFC 9110 §7.6.1), and those that the upstream hop sets anew: Host,
 * the framing, and Expect, which aifd's own server has answered already.
 */
const notForwarded: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The client's end-to-end fields as lines for the upstream, each with its CRLF.
 * @param dropped - further names to leave out, lower case
 */
export function forwardedHeaders(headers: Headers, dropped?: ReadonlySet<string>): string {
  const connection = headers.get('connection');
  const named =
    connection === null || connection === 'keep-alive' || connection === 'close'
      ? undefined
      : connectionTokens(connection);
  let lines = '';
  headers.forEach((value, name) => {
    if (notForwarded.has(name) || dropped?.has(name) || named?.has(name)) return;
    lines += `${name}: ${value}\r\n`;
  });
  return lines;
}

/**
 * The first value of a field.
 * @param wanted - its name, lower case
 * @param count - so many fields are looked at; all unless it is given
 */
export function valueOf(
  fields: readonly (readonly [string, string])[],
  wanted: string,
  count = fields.length,
): string | undefined {
  // Hot: this runs several times for every answer. By length first, and without an iterator for each field.
  for (let i = 0; i < count; i++) {
    const name = fields[i]![0];
    if (name.length === wanted.length && name.toLowerCase() === wanted) return fields[i]![1];
  }
  return undefined;
}
