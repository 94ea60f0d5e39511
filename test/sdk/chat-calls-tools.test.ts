import { afterAll, expect, test } from 'bun:test';
import { startDemoUpstream } from '../../src/demo/upstream.ts';
import { clientOf, startAifd } from './support.ts';

const demo = startDemoUpstream();
const aifd = await startAifd(demo.url);
const client = clientOf(aifd.url);
afterAll(async () => {
  demo.stop();
  await aifd.stop();
});
const ask = {
  model: 'demo-chat',
  messages: [{ role: 'user' as const, content: 'weather?' }],
  tools: ['weather', 'time'].map((name) => ({ type: 'function' as const, function: { name } })),
  tool_choice: { type: 'function' as const, function: { name: 'time' } },
};

test('a plain answer names the tool', async () => {
  const { choices } = await client.chat.completions.create(ask);
  expect(choices[0]?.finish_reason).toBe('tool_calls');
  expect(choices[0]?.message.tool_calls).toEqual([
    { id: 'call_demo_0', type: 'function', function: { name: 'time', arguments: '{}' } },
  ]);
});

test('a streamed answer names the tool', async () => {
  const chunks = await Array.fromAsync(await client.chat.completions.create({ ...ask, stream: true }));
  const calls = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
  expect(calls.map((call) => call.function?.name)).toEqual(['time']);
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
});
