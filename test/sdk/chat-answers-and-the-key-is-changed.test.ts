import { afterAll, expect, test } from 'bun:test';
import { startDemoUpstream } from '../../src/demo/upstream.ts';
import { clientOf, forwardKey, realKey, startAifd, startWay } from './support.ts';

const demo = startDemoUpstream();
const aifd = await startAifd(demo.url);
const way = await startWay(() => Response.json({ id: 'x', object: 'chat.completion', choices: [] }));
afterAll(async () => {
  demo.stop();
  await Promise.all([aifd.stop(), way.stop()]);
});
const messages = [{ role: 'user' as const, content: 'Grüße, 你好 🦊' }];

test('a chat is answered, with the upstream’s request id', async () => {
  const call = clientOf(aifd.url).chat.completions.create({ model: 'demo-chat', messages, n: 2 });
  const { data: chat, request_id: id } = await call.withResponse();
  expect(chat.choices.map(({ message }) => message.content?.includes('Grüße, 你好 🦊'))).toEqual([
    true,
    true,
  ]);
  expect(id).toStartWith('demo-');
});

test('the upstream gets the real key and never the forward key', async () => {
  await way.client.chat.completions.create({ model: 'm', messages });
  const headers = [...(way.seen.at(-1)?.headers ?? [])];
  expect(headers).toContainEqual(['authorization', `Bearer ${realKey}`]);
  expect(JSON.stringify(headers)).not.toContain(forwardKey);
});
