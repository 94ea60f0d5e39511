import { afterEach, expect, setSystemTime, test } from 'bun:test';
import { askUntilHit, chat, chatPath, expectHit, startCached, statusOf } from './support.ts';

afterEach(() => void setSystemTime());
const DAY = 86_400_000;

test('an answer that was kept while the clock ran ahead is fresh for no longer than CACHE_TTL', async () => {
  await using way = await startCached({ CACHE_TTL: '1h' });
  setSystemTime(new Date(Date.now() + 300 * DAY));
  await way.ask(chatPath, chat());
  await askUntilHit(way, chatPath, chat());
  setSystemTime();
  const anew = await way.ask(chatPath, chat());
  expect(statusOf(anew)).toMatch(/^aifd; fwd=stale/);
  expect(anew.text).toContain('answer 1');
  const hit = await askUntilHit(way, chatPath, chat());
  expectHit(hit);
  expect(hit.text).toContain('answer 1');
});

test('an answer that is kept for ever is served, but not to who wants a young one', async () => {
  await using way = await startCached({ CACHE_TTL: '0' });
  setSystemTime(new Date(Date.now() + 300 * DAY));
  await way.ask(chatPath, chat());
  await askUntilHit(way, chatPath, chat());
  setSystemTime();
  expectHit(await way.ask(chatPath, chat()));
  const { headers = [], ...asked } = chat();
  const young = await way.ask(chatPath, { ...asked, headers: [...headers, 'Cache-Control: max-age=60'] });
  expect(young.text).toContain('answer 1');
});
