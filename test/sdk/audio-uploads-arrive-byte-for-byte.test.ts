import { afterAll, expect, test } from 'bun:test';
import { toFile } from 'openai';
import { binary, clientOf, startWay } from './support.ts';

const way = await startWay(() => Response.json({ text: 'hello' }));
afterAll(way.stop);

/** `fetch` that writes the form down before it goes out: the boundary is another one each time. */
function recordingFetch(sent: { body?: Uint8Array; type?: string }): typeof fetch {
  const record = async (url: string | URL | Request, init?: RequestInit) => {
    const form = new Response(init?.body as Bun.BodyInit);
    const headers = new Headers(init?.headers);
    sent.type = form.headers.get('content-type') ?? '';
    sent.body = new Uint8Array(await form.arrayBuffer());
    headers.set('content-type', sent.type);
    return fetch(url, { ...init, headers, body: sent.body as Bun.BodyInit });
  };
  return Object.assign(record, { preconnect: fetch.preconnect });
}

test.each([1, 100_000, 8_000_000])('a recording of %d bytes', async (size) => {
  const sent: { body?: Uint8Array; type?: string } = {};
  const client = clientOf(way.url, { fetch: recordingFetch(sent) });
  const file = await toFile(binary(size), 'täst "1".wav', { type: 'audio/wav' });
  const { text } = await client.audio.transcriptions.create({ model: 'whisper-1', file, language: 'en' });
  expect(text).toBe('hello');
  const seen = way.seen.at(-1);
  expect(seen?.headers.get('content-type')).toBe(sent.type ?? 'nothing');
  expect(sent.body?.byteLength).toBeGreaterThan(size);
  // Not toEqual: a difference would print megabytes.
  expect(Buffer.compare(seen?.body ?? Buffer.alloc(0), sent.body ?? Buffer.alloc(1))).toBe(0);
});

test('the SDK’s own form is read upstream', async () => {
  const bytes = binary(500_000);
  const file = await toFile(bytes, 'a.wav', { type: 'audio/wav' });
  await way.client.audio.transcriptions.create({ model: 'whisper-1', file });
  const { body, headers } = way.seen.at(-1)!;
  const form = await new Response(body, { headers }).formData();
  expect(form.get('model')).toBe('whisper-1');
  const arrived = await (form.get('file') as File).bytes();
  expect(Buffer.compare(arrived, bytes)).toBe(0);
});
