import { afterAll, expect, test } from 'bun:test';
import { expectSameReplay, startCachedWay } from './cache-support.ts';
import { chatChoices } from './cache-support-chat.ts';

const way = await startCachedWay();
afterAll(way.stop);
const models = Object.keys(chatChoices);
/** A question of its own for each form, so that each is asked for anew. */
const ask = (model: string, form: string) => ({
  model,
  messages: [{ role: 'user' as const, content: `Grüße, ${form}` }],
  ...(model === 'two' ? { n: 2 } : {}),
});

test.each(models)('%s, plain', async (model) => {
  const data = await expectSameReplay(way, ({ chat }) => chat.completions.create(ask(model, 'plain')));
  expect(data).toHaveProperty('choices.0.message.role', 'assistant');
});

test.each(models)('%s, streamed', async (model) => {
  const data = await expectSameReplay(way, ({ chat }) =>
    chat.completions.create({ ...ask(model, 'streamed'), stream: true }),
  );
  expect((data as unknown[]).length).toBeGreaterThanOrEqual(2);
});

test.each(models)('%s, streamed with usage', async (model) => {
  const data = await expectSameReplay(way, ({ chat }) =>
    chat.completions.create({
      ...ask(model, 'with usage'),
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  expect((data as unknown[]).at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 29 } });
});
