import { expect, test } from 'bun:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { chat, chatPath, completion, json, jsonType } from '../limits-http/support.ts';
import { until } from '../support/until.ts';
import type { Handler } from '../support/upstream.ts';
import { chatLines, startRecorded } from './support.ts';

const answer: Handler = async (request) => {
  await request.whole();
  request.answer(200, completion(5), jsonType);
};

const codings = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };
const coded = (coding: keyof typeof codings, content: string) => {
  const { body } = chat({ model: 'gpt-test', messages: [{ role: 'user', content }] });
  return {
    method: 'POST',
    headers: [json, `Content-Encoding: ${coding}`],
    body: codings[coding](body as string),
  };
};

test.each(Object.keys(codings) as (keyof typeof codings)[])(
  'a question in the coding %s is in the chat log, with its model',
  async (coding) => {
    await using run = await startRecorded({}, answer);
    const response = await run.ask(chatPath, coded(coding, `say hello in ${coding}`));
    const id = response.header('x-request-id')!;
    const asked = await until(async () =>
      (await chatLines(run.logDir).catch(() => [])).find((line) => line['id'] === id),
    );
    const messages = [{ role: 'user', content: `say hello in ${coding}` }];
    expect(asked).toMatchObject({ model: 'gpt-test', messages });
    expect(await run.access(id)).toMatchObject({ model: 'gpt-test' });
  },
);

test.each(Object.keys(codings) as (keyof typeof codings)[])(
  'the model of a long question in the coding %s is known without a chat log',
  async (coding) => {
    await using run = await startRecorded({ LOG_CHAT: 'false' }, answer);
    const noise = Array.from({ length: 200_000 }, () => Math.random().toString(36).slice(2, 6)).join(' ');
    const asked = coded(coding, noise);
    expect(asked.body.length).toBeGreaterThan(64 * 1024);
    const response = await run.ask(chatPath, asked);
    expect(run.upstream.requests[0]!.message.body.equals(Buffer.from(asked.body))).toBe(true);
    expect(await run.access(response.header('x-request-id')!)).toMatchObject({ model: 'gpt-test' });
  },
);

test('a coding that the body does not have leaves no line without its answer', async () => {
  await using run = await startRecorded({}, answer);
  const broken = {
    method: 'POST',
    headers: [json, 'Content-Encoding: zstd'],
    body: gzipSync('{"model":"m"}'),
  };
  const response = await run.ask(chatPath, broken);
  const id = response.header('x-request-id')!;
  const asked = await until(async () =>
    (await chatLines(run.logDir).catch(() => [])).find((line) => line['id'] === id),
  );
  expect(asked).toMatchObject({ truncated: true });
});
