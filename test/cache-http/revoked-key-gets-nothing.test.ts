import { expect, test } from 'bun:test';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startUpstream } from '../support/upstream.ts';
import { bearer, chat, chatPath, expectHit, settled, startBefore } from './support.ts';
import { inLmdb, newFolder, startNumbered } from './store-support.ts';

for (const scope of ['key', 'shared']) {
  test(`a key that was revoked gets 401, though its answers are kept (${scope})`, async () => {
    const folder = newFolder();
    const upstream = await startNumbered();
    const { port } = upstream;
    const env = {
      ...inLmdb(folder),
      OPENAI_BASE_URL: upstream.url,
      OPENAI_API_KEY: 'sk',
      CACHE_SCOPE: scope,
    };
    {
      await using before = await startBefore(upstream, { ...env, FORWARD_KEY: 'fk-old,fk-new' });
      await before.ask(chatPath, chat({}, [bearer('fk-old')]));
      await settled();
      expectHit(await before.ask(chatPath, chat({}, [bearer('fk-old')])));
    }
    await using after = await startBefore(await startUpstream(undefined, { port }), {
      ...env,
      FORWARD_KEY: 'fk-new',
    });
    expect((await after.ask(chatPath, chat({}, [bearer('fk-old')]))).status).toBe(401);
    const other = await after.ask(chatPath, chat({}, [bearer('fk-new')]));
    if (scope === 'shared') expectHit(other);
    else expect(other.header('cache-status')).toContain('fwd=uri-miss');
  });
}

test('no key is in what is written to disk, and no other user may read that', async () => {
  const folder = newFolder();
  const upstream = await startNumbered();
  const keys = { OPENAI_API_KEY: 'sk-real-secret', FORWARD_KEY: 'fk-client-secret' };
  {
    await using way = await startBefore(upstream, {
      ...inLmdb(folder),
      ...keys,
      OPENAI_BASE_URL: upstream.url,
    });
    await way.ask(chatPath, chat({}, [bearer('fk-client-secret')]));
    await way.ask(`${chatPath}?key=fk-client-secret`, chat());
    await settled();
  }
  const place = join(folder, 'lmdb');
  expect(statSync(place).mode & 0o077).toBe(0);
  const data = readFileSync(join(place, 'data.mdb'), 'latin1');
  expect(data).toContain('/v1/chat/completions');
  expect(data).not.toContain('-secret');
});
