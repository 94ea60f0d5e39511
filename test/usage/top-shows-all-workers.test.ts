import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { said } from '../cli/aifd.ts';
import { run, start } from './cli.ts';
import { emptyDir } from './records.ts';

const dir = emptyDir();
const holders: Bun.Subprocess[] = [];

beforeAll(async () => {
  for (const requests of [3, 5]) {
    const holder = Bun.spawn([process.execPath, join(import.meta.dir, 'holder.ts'), dir, String(requests)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    holders.push(holder);
    await said(holder.stdout as ReadableStream<Uint8Array>, /ready/);
  }
});
afterAll(async () => {
  for (const holder of holders) holder.kill('SIGKILL');
  await Promise.all(holders.map(({ exited }) => exited));
});

test('JSON has the figures of all of them', async () => {
  const { out, err, code } = await run(dir, ['top', '--json', '--once']);
  expect({ err, code }).toEqual({ err: '', code: 0 });
  const figures = JSON.parse(out) as Record<string, unknown>;
  expect(figures).toMatchObject({ requests: 10, open: 2, limited: 2, hitRate: null, problems: [] });
  expect((figures['pids'] as number[]).toSorted()).toEqual(holders.map(({ pid }) => pid).toSorted());
  expect(figures['keys']).toMatchObject([{ requests: 8 }, { requests: 2, limited: 2 }]);
});

test('no terminal: a line a second until it is ended', async () => {
  const child = start(dir, ['top']);
  await said(child.stdout, /requests\/s.*open 2, p50 .*429s 2.*\n.*requests\/s/);
  child.kill('SIGTERM');
  await child.exited;
});

test('a terminal gets a screen that q leaves as it was', async () => {
  let shown = '';
  const seen = Promise.withResolvers<void>();
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, 'commands.ts'), 'top', '--data-dir', dir],
    {
      env: { PATH: process.env.PATH, TERM: 'xterm' },
      terminal: {
        cols: 60,
        rows: 12,
        data: (_terminal, bytes) => {
          shown += Buffer.from(bytes).toString();
          if (shown.includes('KEY')) seen.resolve();
        },
      },
    },
  );
  await seen.promise;
  child.terminal!.write('q');
  expect(await child.exited).toBe(0);
  expect(shown).toContain('the last');
  expect(shown).toContain('api.openai.com');
  // Nothing that a client sent is obeyed.
  expect(shown).not.toContain('\u001b[2J');
  expect(shown.indexOf('\u001b[?1049h')).toBeGreaterThan(-1);
  expect(shown.indexOf('\u001b[?1049l')).toBeGreaterThan(shown.indexOf('KEY'));
  child.terminal!.close();
});

test('one that was killed is passed over; with none it is one line and 1', async () => {
  holders[0]!.kill('SIGKILL');
  await holders[0]!.exited;
  const { out } = await run(dir, ['top', '--json', '--once']);
  expect(JSON.parse(out)).toMatchObject({ requests: 6 });
  for (const holder of holders) holder.kill('SIGKILL');
  await Promise.all(holders.map(({ exited }) => exited));
  for (const args of [['top'], ['top', '--json']]) {
    const { out: none, err, code } = await run(dir, args);
    expect({ none, code }).toEqual({ none: '', code: 1 });
    expect(err).toMatch(/^aifd: no running aifd .*\n$/);
  }
});

test('what answers otherwise on a socket is said', async () => {
  const other = emptyDir();
  mkdirSync(join(other, 'run'));
  const answers = [
    () => new Response('hi'),
    () => Response.json({ pid: 1 }, { headers: { 'x-aifd-control': '1' } }),
    () => new Response(null, { status: 404, headers: { 'x-aifd-control': '1' } }),
  ];
  for (const [i, fetch] of answers.entries()) {
    const server = Bun.serve({ unix: join(other, 'run/1.sock'), fetch });
    const { err, code } = await run(other, ['top', '--once']);
    expect(code).toBe(1);
    expect(err).toContain(['is no aifd', 'is another version', 'no running aifd'][i]!);
    await server.stop(true);
  }
});

test('arguments are strict', async () => {
  for (const args of [['--jsno'], ['x'], ['--port', '1'], ['--once=2']]) {
    const { out, err, code } = await run(dir, ['top', ...args]);
    expect({ out, code }).toEqual({ out: '', code: 2 });
    expect(err).not.toBe('');
  }
  expect((await run(dir, ['top', '--help'])).out).toContain('--once');
});
