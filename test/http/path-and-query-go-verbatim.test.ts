import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

test('path and query go upstream as they were written, escapes included', async () => {
  await using upstream = await startUpstream((request) => request.answer(200, request.target));
  await using aifd = await startAifd(forwardingTo(upstream.url));
  for (const target of [
    '/v1/chat/completions',
    '/v1/files/a%2Fb%20c',
    '/v1/files/%e4%B8%ad',
    '/x?q=%41&r=a+b&s=%2B&t',
    '/x??a=b?',
    '/x?a=../../b&c=%2e%2e/',
    '/x?a=http://evil.tld/',
    '/%zz/%',
    "/a;b=c,d:e@f!$'()*~_-.",
    '/v1/models/...',
    '/a//b///c/',
    `/long/${'x'.repeat(4000)}`,
  ]) {
    expect((await ask(aifd.url, target)).text).toBe(target);
  }
});
