#!/usr/bin/env bun
/** Both OpenAI SDKs through `aifd run` before an upstream that nobody here wrote: LiteLLM's proxy, from PyPI. */
import { deepStrictEqual as same, ok, rejects } from 'node:assert';
import { join } from 'node:path';
import { BadRequestError, type OpenAI } from 'openai';
import { clientOf, failureOf, forwardKey, startAifd } from '../sdk/support.ts';
import { masterKey, said, startLitellm } from './litellm-server.ts';
import { atEnd, check, finish, pythonWith, run } from './support.ts';
import { litellm, openaiPython } from './versions.ts';

const messages = [{ role: 'user' as const, content: 'hi' }];
const ask = { model: 'mock-chat', messages };

async function streamed(client: OpenAI) {
  const stream_options = { include_usage: true };
  const chunks = await Array.fromAsync(
    await client.chat.completions.create({ ...ask, stream: true, stream_options }),
  );
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  return { text, chunks: chunks.length, usage: chunks.at(-1)?.usage };
}

const wrong = (client: OpenAI) => failureOf(client.chat.completions.create({ ...ask, model: 'none' }));

async function typescriptSdk(client: OpenAI, direct: OpenAI, url: string): Promise<void> {
  await check('node: a chat, and LiteLLM’s own headers', async () => {
    const { data, response } = await client.chat.completions.create(ask).withResponse();
    same(data.choices[0]?.message.content, said);
    ok(response.headers.get('x-litellm-version'), 'no x-litellm-version');
  });
  await check('node: a stream, chunk by chunk as it is without aifd', async () => {
    const through = await streamed(client);
    same(through.text, said);
    ok(through.chunks > 3, `only ${through.chunks} chunks`);
    same(through, await streamed(direct));
  });
  await check('node: the responses API', async () => {
    const { output_text } = await client.responses.create({ model: 'mock-chat', input: 'hi' });
    ok(output_text.length > 0, 'no text');
  });
  await check('node: models', async () => {
    same(await Array.fromAsync(client.models.list(), ({ id }) => id), ['mock-chat']);
  });
  await check('node: LiteLLM’s own error', async () => {
    const through = await wrong(client);
    ok(through instanceof BadRequestError, String(through));
    same(through.error, (await wrong(direct)).error);
  });
  await check('node: aifd keeps the master key to itself', async () => {
    const stranger = clientOf(url, { apiKey: masterKey });
    await rejects(stranger.models.list().asResponse(), { status: 401, code: 'invalid_api_key' });
  });
}

/** A client of Anthropic's kind sends its key in another header, and LiteLLM speaks that, too. */
async function anthropicMessages(url: string): Promise<void> {
  await check('fetch: /v1/messages with x-api-key', async () => {
    const answer = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': forwardKey, 'content-type': 'application/json' },
      body: JSON.stringify({ ...ask, max_tokens: 99 }),
    });
    ok((await answer.text()).includes(said), `status ${answer.status}`);
  });
}

await finish(420_000, async () => {
  const openai = await pythonWith(openaiPython, 120_000);
  const upstream = await startLitellm(await pythonWith(litellm, 180_000), 60_000);
  const aifd = await startAifd(upstream, { OPENAI_API_KEY: masterKey });
  atEnd(() => aifd.stop());
  await typescriptSdk(clientOf(aifd.url), clientOf(upstream, { apiKey: masterKey }), aifd.url);
  await anthropicMessages(aifd.url);
  const env = { AIFD_URL: aifd.url, FORWARD_KEY: forwardKey, SAID: said };
  const script = join(import.meta.dir, 'python_litellm.py');
  const { text, code, late } = await run([openai, script], { limit: 60_000, env });
  console.log(text.trimEnd());
  if (late || code !== 0) throw new Error(`the Python SDK's checks ended with ${late ? 'a time-out' : code}`);
});
