import { expect, test } from 'bun:test';
import { boundaryOf, formFields, FormReader } from '../../src/openai/form.ts';

const boundary = '----aifd-7MA4YWxkTrZu0gW';

/** A form as its parts' heads and bodies. */
const form = (...parts: (readonly [head: string, body: string | Uint8Array])[]): Buffer =>
  Buffer.concat([
    ...parts.flatMap(([head, body]) => [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
      Buffer.from(body as string),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);

function read(pieces: Iterable<Uint8Array>): Record<string, unknown> {
  const reader = new FormReader(boundary);
  for (const piece of pieces) {
    const view = Buffer.from(piece);
    reader.chunk(view);
    // None may be kept.
    view.fill(0x2d);
  }
  return Object.fromEntries(reader.fields);
}

const transcription = form(
  ['name="model"', 'whisper-1'],
  [
    'name="file"; filename="früh.wav"\r\nContent-Type: audio/wav',
    `RIFF\r\n--${boundary.slice(0, -1)}\r\n\r\n\0\r`,
  ],
  ['name="language"', 'de'],
  ['name="prompt"', 'Wörter\r\nund Zeilen'],
  ['name="response_format"', ''],
  ['name="temperature"', '0.2'],
  ['name="timestamp_granularities[]"', 'word'],
  ['name="timestamp_granularities[]"', 'segment'],
);

const said = {
  model: 'whisper-1',
  file: 'früh.wav',
  language: 'de',
  prompt: 'Wörter\r\nund Zeilen',
  response_format: '',
  temperature: '0.2',
  'timestamp_granularities[]': ['word', 'segment'],
};

test('whole', () => {
  expect(read([transcription])).toEqual(said);
  expect(Object.fromEntries(formFields(transcription))).toEqual(said);
});

test('cut at every place', () => {
  for (let at = 0; at <= transcription.length; at++)
    expect(read([transcription.subarray(0, at), transcription.subarray(at)])).toEqual(said);
});

test('cut at every two places that are near', () => {
  for (let at = 0; at < transcription.length; at++)
    for (let size = 1; size < 5; size++) {
      const pieces = [
        transcription.subarray(0, at),
        transcription.subarray(at, at + size),
        transcription.subarray(at + size),
      ];
      expect(read(pieces)).toEqual(said);
    }
});

test('byte by byte', () => {
  expect(read([...transcription].map((byte) => Buffer.of(byte)))).toEqual(said);
});

test('what came is known, whatever does not', () => {
  const cut = transcription.subarray(0, transcription.indexOf('language'));
  expect(read([cut])).toEqual({ model: 'whisper-1', file: 'früh.wav' });
});

test('before the first boundary and behind the last nothing is read', () => {
  const around = Buffer.concat([
    Buffer.from('preamble\r\n'),
    transcription,
    Buffer.from(`\r\n--${boundary}\r\n`),
    transcription,
  ]);
  expect(read([around])).toEqual(said);
});

test('heads as others write them', () => {
  const parts = form(
    ['name=model', 'm'],
    ['name="a"; filename*=UTF-8\'\'na%C3%AFve.wav', 'x'],
    ['filename="b \\"c\\".wav"; name="b"', 'x'],
    ['name="%22d%22"', 'd'],
  );
  expect(read([parts])).toEqual({ model: 'm', a: 'naïve.wav', b: 'b "c".wav', '"d"': 'd' });
  const lower = Buffer.from(
    `--${boundary}  \r\ncontent-type: text/plain\r\ncontent-disposition: form-data; name="x"\r\n\r\ny\r\n--${boundary}--`,
  );
  expect(read([lower])).toEqual({ x: 'y' });
});

test('files of any size and endless fields are not held', () => {
  const reader = new FormReader(boundary);
  const held = () => Buffer.byteLength(JSON.stringify(Object.values(reader)));
  reader.chunk(
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`),
  );
  for (let i = 0; i < 100; i++) reader.chunk(Buffer.alloc(65_536, '\r\n-'));
  expect(held()).toBeLessThan(2_000);
  reader.chunk(Buffer.from(`\r\n--${boundary}\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n`));
  for (let i = 0; i < 100; i++) reader.chunk(Buffer.alloc(65_536, 'p'));
  reader.chunk(
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--${boundary}--`,
    ),
  );
  expect(reader.fields.get('prompt')).toBe(`${'p'.repeat(32 * 1024)}…`);
  expect(reader.fields.get('model')).toBe('m');
});

test('a head without an end, and fields without number, end the reading', () => {
  expect(read([Buffer.from(`--${boundary}\r\n`), Buffer.alloc(100_000, 'h'), transcription])).toEqual({});
  const many = form(...Array.from({ length: 500 }, (_, i) => [`name="${i}"`, 'v'] as const));
  expect(Object.keys(read([many])).length).toBe(100);
});

test.each([
  ['multipart/form-data; boundary=abc', 'abc'],
  ['Multipart/Form-Data; charset=utf-8; boundary="a b;c"', 'a b;c'],
  ['multipart/form-data', undefined],
  ['multipart/mixed; boundary=abc', undefined],
  ['application/json', undefined],
  [`multipart/form-data; boundary=${'x'.repeat(300)}`, undefined],
])('the boundary of %p', (type, expected) => expect(boundaryOf(type)).toBe(expected as string));

const part = (name: string) => `content-disposition: form-data; name="${name}"\r\n\r\nx\r\n--b\r\n`;

test('of a form with more than a thousand parts the first thousand are read', () => {
  const early = `--b\r\n${part('a').repeat(998)}${part('early')}${part('a')}${part('late')}${part('a')}`;
  const fields = formFields(Buffer.from(early));
  expect([fields.has('early'), fields.has('late')]).toEqual([true, false]);
});
