#!/usr/bin/env bun
/** The PyPI `openai` SDK through `aifd run`, before the demo upstream and one of the test's own. */
import { join } from 'node:path';
import { startDemoUpstream } from '../../src/demo/upstream.ts';
import { forwardKey, startAifd } from '../sdk/support.ts';
import { atEnd, finish, pythonWith, run } from './support.ts';
import { startOddUpstream } from './upstream.ts';
import { openaiPython } from './versions.ts';

await finish(240_000, async () => {
  const python = await pythonWith(openaiPython, 120_000);
  const demo = startDemoUpstream();
  const odd = startOddUpstream();
  const aifd = await startAifd(demo.url, {
    EXTRA_BASE_URL: odd.url,
    EXTRA_ROUTE_PREFIX: '/odd',
    EXTRA_API_KEY: 'sk-key-of-the-odd-one',
  });
  atEnd(() => aifd.stop());
  const script = join(import.meta.dir, 'python_sdk.py');
  const env = { AIFD_URL: aifd.url, FORWARD_KEY: forwardKey };
  const { text, code, late } = await run([python, script], { limit: 60_000, env });
  console.log(text.trimEnd());
  if (late) throw new Error('the Python SDK was not done within 60 s');
  if (code !== 0) throw new Error(`the Python SDK's checks ended with ${code}`);
  const keys = new Set(odd.seen.map(({ headers }) => headers.get('authorization')));
  if ([...keys].join() !== 'Bearer sk-key-of-the-odd-one') throw new Error('another key went upstream');
});
