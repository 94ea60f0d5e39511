import { expect, test } from 'bun:test';
import { said, spawn } from './aifd.ts';

test('--demo streams a chat through aifd, whatever .env says of targets and keys, and stays up', async () => {
  const files = { '.env': 'OPENAI_BASE_URL=http://127.0.0.1:1\nFORWARD_KEY=fk-1\nWORKERS=3\n' };
  const child = spawn(['run', '--demo', '--host', '127.0.0.1', '--port', '0'], { files });
  const [, chat, url] = await said(
    child.stdout,
    /A chat, streamed through aifd[^\n]*\n([^]*)\nTry it yourself[^]*curl -N (http:[^ ]+) [^\n]*\n/,
  );
  expect(chat).toContain('Hello');
  const body = JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'Hi' }] });
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(url!, { method: 'POST', headers, body })).status).toBe(200);
  child.kill('SIGTERM');
  expect(await child.exited).toBe(0);
});
