import { afterAll, expect, test } from 'bun:test';
import { startCachedWay, told } from './cache-support.ts';

const [way, turned] = await Promise.all([
  startCachedWay(),
  startCachedWay({ DEFAULT_REQUEST_CACHING_VALUE: 'false' }),
]);
afterAll(() => Promise.all([way.stop(), turned.stop()]));
const ask = { model: 'text', messages: [{ role: 'user' as const, content: 'hi' }] };
// The upstream answers 400 to the field.

test.each([{}, { stream: true as const }])('false passes the cache by, %p', async (form) => {
  const body = { ...ask, ...form };
  const kept = await told(way.client.chat.completions.create(body));
  const before = way.seen.length;
  const skip = { ...body, caching: false };
  for (const count of [1, 2]) {
    const passed = await told(way.client.chat.completions.create(skip));
    expect(passed.cache).toBe('aifd; fwd=bypass');
    expect(passed.data).not.toEqual(kept.data);
    expect(way.seen.length).toBe(before + count);
  }
  // Neither looked at nor written over.
  const again = await told(way.client.chat.completions.create(body));
  expect(again.cache).toStartWith('aifd; hit');
  expect(again.data).toStrictEqual(kept.data);
});

test('embeddings and responses say it too', async () => {
  const before = way.seen.length;
  const vectors = { model: 'm', input: 'one', caching: false };
  const response = { model: 'text', input: 'one', caching: false };
  for (const _ of [1, 2]) {
    expect((await told(way.client.embeddings.create(vectors))).cache).toBe('aifd; fwd=bypass');
    expect((await told(way.client.responses.create(response))).cache).toBe('aifd; fwd=bypass');
  }
  expect(way.seen.length).toBe(before + 4);
});

test('true asks for what is the default, and shares its entry', async () => {
  const body = { ...ask, model: 'unicode' };
  const first = await told(way.client.chat.completions.create(body));
  const again = await told(way.client.chat.completions.create({ ...body, caching: true } as typeof body));
  expect(again.cache).toStartWith('aifd; hit');
  expect(again.data).toStrictEqual(first.data);
});

test('where the default is false, only true uses it', async () => {
  const { chat } = turned.client;
  for (const _ of [1, 2]) expect((await told(chat.completions.create(ask))).cache).toBe('aifd; fwd=bypass');
  const said = { ...ask, caching: true };
  expect((await told(chat.completions.create(said))).cache).toBe('aifd; fwd=uri-miss; stored');
  expect((await told(chat.completions.create(said))).cache).toStartWith('aifd; hit');
  expect(turned.seen.length).toBe(3);
});
