import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { chat, expectHit, statusOf } from './support.ts';
import { inLmdb, newFolder, spawnBefore, startNumbered } from './store-support.ts';

const path = (token: string) => `/v1/chat/completions?api-version=1&access_token=${token}&a%70ikey=${token}`;

test('a token in the query tells callers apart, and is not stored', async () => {
  await using upstream = await startNumbered();
  const folder = newFolder();
  {
    await using aifd = await spawnBefore(upstream, { ...inLmdb(folder), CACHE_SCOPE: 'shared' });
    await aifd.ask(chat(), path('alice-secret'));
    expectHit(await aifd.ask(chat(), path('alice-secret')));
    expect(statusOf(await aifd.ask(chat(), path('bob-secret')))).toContain('fwd=uri-miss');
    await aifd.stop('SIGTERM');
  }
  const store = await openEntryStore('lmdb', join(folder, 'lmdb'), { maxSize: 2 ** 27 });
  const routes: string[] = [];
  for await (const { about } of store.list()) routes.push(about.route);
  await store.close();
  expect(new Set(routes)).toEqual(
    new Set(['POST /v1/chat/completions?api-version=1&access_token=***&a%70ikey=***']),
  );
});
