import { afterAll, expect, test } from 'bun:test';
import { demoChat } from '../../src/demo/chat.ts';
import { startDemoUpstream } from '../../src/demo/upstream.ts';

const upstream = startDemoUpstream();
afterAll(() => upstream.stop());

test('demoChat writes a heading, then the answer in several pieces', async () => {
  const pieces: string[] = [];
  await demoChat(upstream.url, (text) => pieces.push(text));
  expect(pieces[0]).toStartWith('> POST /v1/chat/completions');
  expect(pieces.length).toBeGreaterThan(10);
  expect(pieces.join('')).toContain('You said: "Hello from the other side of the gateway"');
});

test('demoChat ends the line of the answer before [DONE] arrives', async () => {
  const pieces: string[] = [];
  const body = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n';
  const cut = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(body) });
  const chat = demoChat(`http://127.0.0.1:${cut.port}`, (text) => pieces.push(text));
  await expect(chat).rejects.toThrow('[DONE]');
  expect(pieces.at(-1)).toBe('\n');
  await cut.stop(true);
});

test('demoChat rejects with the status and body of a refusal', async () => {
  const refusing = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => new Response('no', { status: 401 }),
  });
  const chat = demoChat(`http://127.0.0.1:${refusing.port}`, () => {});
  await expect(chat).rejects.toThrow('401: no');
  await refusing.stop(true);
});

test('demoChat rejects when the stream ends before [DONE]', async () => {
  const body = 'data: {"choices":[{"delta":{"content":"half"}}]}\n\n';
  const broken = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(body) });
  const chat = demoChat(`http://127.0.0.1:${broken.port}`, () => {});
  await expect(chat).rejects.toThrow('[DONE]');
  await broken.stop(true);
});
