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
const ask = { model: 'demo-embedding', input: ['one', 'two words'], dimensions: 256 };

test('floats and base64 are the same vectors', async () => {
  const floats = await client.embeddings.create({ ...ask, encoding_format: 'float' });
  // The SDK asks for base64 by itself and decodes it.
  const decoded = await client.embeddings.create(ask);
  expect(floats.data.map((one) => one.embedding.length)).toEqual([256, 256]);
  expect(decoded.data).toEqual(floats.data);
});

test('base64 that was asked for stays base64', async () => {
  const { data } = await client.embeddings.create({ ...ask, encoding_format: 'base64' });
  const text = data[0]?.embedding as unknown;
  expect(text).toBeString();
  expect(Buffer.from(text as string, 'base64').byteLength).toBe(256 * 4);
});
