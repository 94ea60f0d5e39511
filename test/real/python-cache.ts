#!/usr/bin/env bun
/** The PyPI `openai` SDK at the cache: first answers beside replays, then a recording without an upstream. */
import { join } from 'node:path';
import { spawnAifd } from '../support/aifd.ts';
import { cached, openaiUpstream } from '../sdk/cache-support.ts';
import { chatChoices } from '../sdk/cache-support-chat.ts';
import { forwardKey, realKey, startUpstream } from '../sdk/support.ts';
import { atEnd, finish, pythonWith, run, temporaryFolder } from './support.ts';
import { openaiPython } from './versions.ts';

await finish(240_000, async () => {
  const python = await pythonWith(openaiPython, 120_000);
  const folder = temporaryFolder();
  const answer = openaiUpstream();
  const upstream = startUpstream((seen) =>
    // How often it was asked, without being asked itself.
    seen.path === '/count' ? new Response(String(count())) : answer(seen),
  );
  const count = () => upstream.seen.filter(({ path }) => path !== '/count').length;
  const own = { OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: realKey, FORWARD_KEY: forwardKey };
  const start = async (env: Record<string, string>) => {
    const aifd = await spawnAifd({ ...own, ...cached, ...env });
    atEnd(() => aifd.child.kill('SIGKILL'));
    return aifd;
  };
  /** One phase of the checks; what it must hand to a later one is in the folder. */
  const check = async (phase: string, url: string) => {
    const env = {
      AIFD_URL: url.replace(/\/$/, ''),
      UPSTREAM_URL: upstream.url,
      FORWARD_KEY: forwardKey,
      MODELS: Object.keys(chatChoices).join(),
      RECORDED: join(folder, 'recorded.json'),
    };
    const script = join(import.meta.dir, 'python_cache.py');
    const { text, code, late } = await run([python, script, phase], { limit: 90_000, env });
    console.log(text.trimEnd());
    if (late) throw new Error(`the Python SDK's ${phase} was not done within 90 s`);
    if (code !== 0) throw new Error(`the Python SDK's ${phase} ended with ${code}`);
  };

  await check('cache', (await start({})).url);

  const disk = { CACHE_BACKEND: 'LMDB', CACHE_ROOT_PATH_OR_URL: folder };
  const recorder = await start({ ...disk, CACHE_MODE: 'record' });
  await check('record', recorder.url);
  // It writes what is not written yet.
  recorder.child.kill('SIGTERM');
  await recorder.child.exited;
  await upstream.stop();
  await check('replay', (await start({ ...disk, CACHE_MODE: 'replay' })).url);
});
