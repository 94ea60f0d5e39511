import { afterAll, expect, test } from 'bun:test';
import { expectSameReplay, startCachedWay } from './cache-support.ts';

const way = await startCachedWay();
afterAll(way.stop);
const ask = { model: 'text-embedding-3-small', input: ['one', 'zwei 🦊'] };
const formats = [
  ['floats', { encoding_format: 'float' as const }],
  ["the SDK's default", {}],
  ['one input', { input: 'one', encoding_format: 'float' as const }],
] as const;

test.each(formats)('%s', async (_, format) => {
  await expectSameReplay(way, ({ embeddings }) => embeddings.create({ ...ask, ...format }));
});

test('base64 that was asked for is text, and is kept already: the default asks for the same', async () => {
  const count = way.seen.length;
  const { data } = await way.client.embeddings.create({ ...ask, encoding_format: 'base64' });
  expect(data[0]?.embedding as unknown).toBeString();
  expect(way.seen.length).toBe(count);
  const [first, floats] = await Promise.all([
    way.client.embeddings.create(ask),
    way.client.embeddings.create({ ...ask, encoding_format: 'float' }),
  ]);
  expect(first.data).toEqual(floats.data);
});
