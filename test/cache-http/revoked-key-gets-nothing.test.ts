import { expect, test } from 'bun:test';
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
    const { startUpstream } = await import('../support/upstream.ts');
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

test('no key is in what is written to disk', async () => {
  const folder = newFolder();
  {
    await using way = await startBefore(await startNumbered(), {
      ...inLmdb(folder),
      OPENAI_BASE_URL: 'http://127.0.0.1:9',
    });
    expect(way.url).toBeTruthy();
  }
  const upstream = await startNumbered();
  {
    const env = {
      ...inLmdb(folder),
      OPENAI_BASE_URL: upstream.url,
      OPENAI_API_KEY: 'sk-real-secret',
      FORWARD_KEY: 'fk-client-secret',
    };
    await using way = await startBefore(upstream, env);
    await way.ask(chatPath, chat({}, [bearer('fk-client-secret')]));
    await way.ask(`${chatPath}?key=fk-client-secret`, chat());
    await settled();
  }
  const { readdirSync, readFileSync, statSync } = await import('node:fs');
  const { join } = await import('node:path');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const text = readFileSync(path, 'latin1');
    expect([name, /-secret/.test(text)]).toEqual([name, false]);
    expect([name, statSync(path).mode & 0o007]).toEqual([name, 0]);
  }
});
