import { afterAll, expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const named = (name: string) => startUpstream((request) => request.answer(200, `${name} ${request.target}`));
const [root, openai, deep, extra] = await Promise.all(['root', 'openai', 'deep', 'extra'].map(named));
const aifd = await startAifd({
  OPENAI_BASE_URL: `${root!.url}/,${openai!.url}/api/v1,${deep!.url}`,
  OPENAI_ROUTE_PREFIX: '/,/openai,/openai/deep',
  EXTRA_BASE_URL: `${extra!.url}/base`,
  EXTRA_ROUTE_PREFIX: '/localai',
});
afterAll(async () => {
  for (const one of [aifd, root!, openai!, deep!, extra!]) await one[Symbol.asyncDispose]();
});

test.each([
  ['/x', 'root /x'],
  ['/', 'root /'],
  ['/?a=1', 'root /?a=1'],
  ['/openai/x', 'openai /api/v1/x'],
  ['/openai', 'openai /api/v1'],
  ['/openai/', 'openai /api/v1/'],
  ['/openai?a=1', 'openai /api/v1?a=1'],
  ['/openai/deep/x', 'deep /x'],
  ['/openai/deep', 'deep /'],
  ['/openai/deeper/x', 'openai /api/v1/deeper/x'],
  ['/localai/x', 'extra /base/x'],
  ['/localaix', 'root /localaix'],
  // `/v1` once, where base and request both have it.
  ['/openai/v1/chat/completions', 'openai /api/v1/chat/completions'],
  ['/openai/v1', 'openai /api/v1'],
  ['/openai/v1?x=/v1/v1', 'openai /api/v1?x=/v1/v1'],
  ['/openai/v1beta/x', 'openai /api/v1/v1beta/x'],
  ['/openai/v2/x', 'openai /api/v1/v2/x'],
  ['/localai/v1/models', 'extra /base/v1/models'],
  ['/openai//v1/x', 'openai /api/v1//v1/x'],
])('%s goes to %s', async (target, where) => {
  expect((await ask(aifd.url, target)).text).toBe(where);
});
