import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../workers/fixtures/supervised.ts';

const root = join(import.meta.dir, '../..');
/** Outside the repository, so that the binary can't lean on its node_modules. */
const folder = mkdtempSync(join(tmpdir(), 'aifd-build-'));
const binary = join(folder, 'aifd');
/** Nothing of this machine's environment: only what a newcomer's shell has. */
const env = { PATH: '/usr/bin:/bin', HOME: folder, NO_COLOR: '1' };

beforeAll(async () => {
  const build = Bun.spawn([process.execPath, 'scripts/build.ts', '--outfile', binary], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  expect(await build.exited).toBe(0);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(...args: string[]) {
  return Bun.spawn([binary, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function answers(url: string, child: Bun.Subprocess): Promise<Response> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`aifd exited with ${child.exitCode}`);
    try {
      return await fetch(url);
    } catch {
      await Bun.sleep(20);
    }
  }
}

test('the compiled binary shows its help', async () => {
  const child = start('run', '--help');
  expect(await child.stdout.text()).toContain('--port');
  expect(await child.exited).toBe(0);
});

for (const workers of ['1', '2']) {
  test(`the compiled binary serves with ${workers} worker(s), and ends cleanly`, async () => {
    const port = freePort();
    const child = start('run', '--host', '127.0.0.1', '--port', String(port), '--workers', workers);
    try {
      const response = await answers(`http://127.0.0.1:${port}/healthz`, child);
      expect(response.status).toBe(200);
      child.kill('SIGTERM');
      expect(await child.exited).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
  });
}

test('the compiled binary has the thread that logs large bodies', async () => {
  const port = freePort();
  const logs = join(folder, 'logs');
  const upstream = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => Response.json({ choices: [{ message: { role: 'assistant', content: 'Yes.' } }] }),
  });
  const child = Bun.spawn([binary, 'run', '--host', '127.0.0.1', '--port', String(port)], {
    cwd: folder,
    env: { ...env, OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}`, LOG_CHAT: 'true', LOG_DIR: logs },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await answers(`http://127.0.0.1:${port}/healthz`, child);
    const content = 'large '.repeat(20_000);
    await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }),
    });
    child.kill();
    await child.exited;
    expect(await Bun.file(join(logs, 'openai/chat/chat.log')).text()).toContain(content);
  } finally {
    child.kill('SIGKILL');
    await upstream.stop(true);
  }
});
