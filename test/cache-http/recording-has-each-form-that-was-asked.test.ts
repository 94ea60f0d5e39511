import { expect, test } from 'bun:test';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { startUpstream } from '../support/upstream.ts';
import {
  answerStream,
  chat,
  chatPath,
  doneEvent,
  event,
  expectHit,
  jsonType,
  numbered,
  settled,
  startBefore,
} from './support.ts';

const usageEvent = `data: ${JSON.stringify({ id: 's', object: 'chat.completion.chunk', choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } })}\n\n`;

const forms = {
  plain: {},
  stream: { stream: true },
  'stream with usage': { stream: true, stream_options: { include_usage: true } },
} as const;

const names = Object.keys(forms) as (keyof typeof forms)[];

test.each([names, names.toReversed()])('asked as %s, %s, %s, each replays what it was', async (...order) => {
  const root = mkdtempSync(join('/tmp', 'aifd-cache-'));
  const env = (url: string, mode: string) => ({
    OPENAI_BASE_URL: url,
    CACHE_CHAT_COMPLETION: 'true',
    CACHE_BACKEND: 'LMDB',
    CACHE_ROOT_PATH_OR_URL: root,
    CACHE_MODE: mode,
  });
  const upstream = await startUpstream(async (request, index) => {
    await request.whole();
    const said = [event(`said ${index}`), event('', 'stop')];
    if (request.text.includes('include_usage')) answerStream(request, ...said, usageEvent, doneEvent);
    else if (request.text.includes('"stream":true')) answerStream(request, ...said, doneEvent);
    else request.answer(200, numbered(index), jsonType);
  });
  const first = new Map<string, string>();
  const { port, url } = upstream;
  {
    await using recording = await startBefore(upstream, env(url, 'record'));
    for (const name of order) {
      first.set(name, (await recording.ask(chatPath, chat(forms[name]))).text);
      await settled();
    }
  }
  await using silent = await startUpstream(undefined, { port });
  await using way = await startBefore(silent, env(url, 'replay'));
  for (const name of names) {
    const replay = await way.ask(chatPath, chat(forms[name]));
    expectHit(replay);
    expect([name, replay.text]).toEqual([name, first.get(name)!]);
  }
});

test('asked as a stream only, a plain request gets it put together', async () => {
  const root = mkdtempSync(join('/tmp', 'aifd-cache-'));
  const upstream = await startUpstream(async (request) => {
    await request.whole();
    answerStream(request, event('said'), event('', 'stop'), doneEvent);
  });
  const { port, url } = upstream;
  const env = {
    OPENAI_BASE_URL: url,
    CACHE_CHAT_COMPLETION: 'true',
    CACHE_BACKEND: 'LMDB',
    CACHE_ROOT_PATH_OR_URL: root,
  };
  {
    await using recording = await startBefore(upstream, { ...env, CACHE_MODE: 'record' });
    await recording.ask(chatPath, chat(forms.stream));
    await settled();
  }
  await using silent = await startUpstream(undefined, { port });
  await using way = await startBefore(silent, { ...env, CACHE_MODE: 'replay' });
  const plain = await way.ask(chatPath, chat());
  expectHit(plain);
  expect(plain.text).toContain('"content":"said"');
});
