/** A blank line and all that follow it, whatever ends the lines. */
const boundary = /(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n)+/g;

/** Either form of a byte order mark: of text decoded as UTF-8, and as Latin-1. */
const mark = /^(?:\ufeff|\u00ef\u00bb\u00bf)/;

/**
 * Cuts a whole stream's text into events, each with the blank lines behind it; in a row they are the text. Unlike
 * `EventSplitter` it never cuts one that is long: a picture's event is over a megabyte.
 */
export function eventsIn(text: string): string[] {
  const events: string[] = [];
  let start = 0;
  if (text.includes('\r')) {
    boundary.lastIndex = 0;
    while (boundary.test(text)) {
      events.push(text.slice(start, boundary.lastIndex));
      start = boundary.lastIndex;
    }
  } else {
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n', start)) {
      for (end += 2; text.charCodeAt(end) === 10;) end++;
      events.push(text.slice(start, end));
      start = end;
    }
  }
  if (start < text.length) events.push(text.slice(start));
  return events;
}

/** The data of one event: its `data:` lines joined by LF; undefined when it has none. */
export function dataIn(event: string): string | undefined {
  // Fast path: nearly every event is one `data` line and a blank one.
  if (event.startsWith('data: ') && event.indexOf('\n') === event.length - 2)
    if (!event.includes('\r')) return event.slice(6, -2);
  return fieldIn(event, 'data');
}

/** The values of a field's lines in an event, joined by LF; undefined when it has none. */
export function fieldIn(event: string, name: string): string | undefined {
  let joined: string | undefined;
  for (const line of event.replace(mark, '').split(/\r\n|\r|\n/)) {
    if (!line.startsWith(name)) continue;
    const rest = line.slice(name.length);
    if (rest !== '' && rest[0] !== ':') continue;
    const value = rest.startsWith(': ') ? rest.slice(2) : rest.slice(1);
    joined = joined === undefined ? value : `${joined}\n${value}`;
  }
  return joined;
}

/**
 * What each event of a stream says, up to `[DONE]`; those without data are left out.
 * @param parse - reads one event's JSON
 * @throws SyntaxError for data that is no JSON
 */
export function* messagesIn(text: string, parse: (json: string) => unknown = JSON.parse): Generator<unknown> {
  for (const event of eventsIn(text)) {
    const data = dataIn(event)?.trim();
    if (data === '[DONE]') return;
    if (data) yield parse(data);
  }
}

/** The text of bytes that are UTF-8; what is not becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.prototype.utf8Slice.call(bytes, 0, bytes.length);
}
