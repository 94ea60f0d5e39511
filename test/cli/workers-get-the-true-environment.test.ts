import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { folder, said, spawn } from './aifd.ts';

test('workers read --env-file and not the .env that Bun loaded into their supervisor', async () => {
  using wrong = Bun.serve({ port: 0, fetch: () => new Response('from .env') });
  using right = Bun.serve({ port: 0, fetch: () => new Response('from --env-file') });
  const free = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const port = String(free.port);
  await free.stop(true);
  const other = join(folder({ other: `OPENAI_BASE_URL=http://127.0.0.1:${right.port}\n` }), 'other');
  const files = { '.env': `OPENAI_BASE_URL=http://127.0.0.1:${wrong.port}\n` };
  const args = ['run', '--workers', '2', '--host', '127.0.0.1', '--port', port, '--env-file', other];
  const child = spawn(args, { files });
  await said(child.stdout, /with 2 workers/);
  expect(await (await fetch(`http://127.0.0.1:${port}/x`)).text()).toBe('from --env-file');
  child.kill('SIGTERM');
  expect(await child.exited).toBe(0);
});
