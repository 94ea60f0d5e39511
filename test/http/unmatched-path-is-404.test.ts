import { expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask } from '../support/raw.ts';

test('a path that no target takes is a 404 in OpenAI’s shape, for every method', async () => {
  await using aifd = await startAifd({
    OPENAI_BASE_URL: 'http://127.0.0.1:1',
    OPENAI_ROUTE_PREFIX: '/openai',
  });
  for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    for (const target of ['/v1/chat/completions', '/', '/nothing']) {
      const message = expectRefusal(await ask(aifd.url, target, { method }), 404, 'not_found');
      expect(message).toContain(target);
    }
  }
  const message = expectRefusal(await ask(aifd.url, '/x?key=sk-secret-in-query'), 404, 'not_found');
  expect(message).not.toContain('sk-secret');
});
