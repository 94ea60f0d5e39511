/** Hostile texts of about `length` characters each: what makes an expression try again, or a loop begin from the start. */
export const texts: Readonly<Record<string, (length: number) => string>> = {
  digits: repeated('9'),
  'one long number': (length) => `{"a":${'9'.repeat(length)}}`,
  'a fraction of zeros': (length) => `[1.${'0'.repeat(length)}1]`,
  'heads of keys': repeated('sk-'),
  'parts of keys': repeated('sk-aaaaaaaaaaa-'),
  'words of keys': repeated('sk-aaaa_'),
  letters: repeated('a'),
  spaces: repeated(' '),
  'commas and spaces': repeated(',    1'),
  newlines: repeated('\n'),
  'carriage returns': repeated('\r'),
  'lines of CR': repeated('data: x\r'),
  escapes: repeated('\u001b['),
  backslashes: repeated('\\'),
  'escaped quotes': repeated('\\"'),
  'escaped newlines': repeated('\\\n'),
  quotes: repeated(`'"`),
  'combining marks': repeated('a\u0301'),
  halves: repeated('\ud800x'),
  dots: repeated('/../'),
  'at signs': repeated('a@'),
  brackets: repeated('['),
  'nested lists': (length) => '['.repeat(length / 2) + ']'.repeat(length / 2),
  'nested objects': (length) => '{"a":'.repeat(length / 6) + '1' + '}'.repeat(length / 6),
  keys: (length) => `{${Array.from({ length: length / 11 }, (_, i) => `"k${i}":1`).join(',')}}`,
  'keys that are numbers': (length) =>
    `{${Array.from({ length: length / 10 }, (_, i) => `"${i}":1`).join(',')}}`,
  floats: (length) => `[${'1e5,'.repeat(length / 4)}1]`,
  usages: repeated('"usage":{"a":['),
  'empty usages': repeated('"usage":{},'),
  events: repeated('data: {"choices":[{"delta":{"content":"a"}}]}\n\n'),
  'events of a response': repeated(
    'data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"x"}\n\n',
  ),
  'events of calls in turns': repeated(
    `data: ${JSON.stringify({ choices: [{ delta: { tool_calls: [call(0, 'f', '{}'), call(1, 'g', '}')] } }] })}\n\n`,
  ),
  'arguments that never end': (length) =>
    event([call(0, 'f', '{"a":"'), call(1, 'g', '')]) +
    event([call(0, undefined, 'x}  ')]).repeat(length / 80),
  'parts of a form': repeated('content-disposition: form-data; name="a"\r\n\r\nx\r\n--b\r\n'),
  'a name of backslashes': (length) => `content-disposition: form-data; name="a${'\\\\'.repeat(length / 2)}`,
};

function repeated(piece: string): (length: number) => string {
  return (length) => piece.repeat(Math.ceil(length / piece.length));
}

function call(index: number, name: string | undefined, args: string): object {
  return { index, ...(name && { id: `c${index}` }), function: { name, arguments: args } };
}

function event(calls: object[]): string {
  return `data: ${JSON.stringify({ choices: [{ delta: { tool_calls: calls } }] })}\n\n`;
}
