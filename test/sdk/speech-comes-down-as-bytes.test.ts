import { afterAll, expect, test } from 'bun:test';
import { binary, startWay } from './support.ts';

const mp3 = binary(2_000_000);
const pieces = 16;
const way = await startWay(({ body }) => {
  const { response_format: format } = JSON.parse(Buffer.from(body).toString()) as {
    response_format?: string;
  };
  const headers = { 'content-type': 'audio/mpeg' };
  return format === 'pcm' ? new Response(chunked(), { headers }) : new Response(mp3, { headers });
});
afterAll(way.stop);

/** Of no known length, as OpenAI sends it. */
function chunked(): ReadableStream<Uint8Array> {
  const size = mp3.length / pieces;
  const parts = Array.from({ length: pieces }, (_, index) => mp3.subarray(index * size, (index + 1) * size));
  return new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(part);
    },
  });
}

test.each(['mp3', 'pcm'] as const)('%s', async (format) => {
  const speech = await way.client.audio.speech.create({
    model: 'tts-1',
    voice: 'alloy',
    input: 'hello',
    response_format: format,
  });
  expect(speech.headers.get('content-type')).toBe('audio/mpeg');
  expect(Buffer.compare(await speech.bytes(), mp3)).toBe(0);
});
