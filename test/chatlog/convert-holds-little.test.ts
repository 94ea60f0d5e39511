import { expect, test } from 'bun:test';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from '../cli/aifd.ts';

const main = join(import.meta.dir, '../../src/cli/main.ts');
const count = 40_000;

/** All requests, then all answers: no pair is near. */
function log(at: string): void {
  const prose = 'some words of a conversation, '.repeat(40);
  const file = openSync(join(at, 'chat.log'), 'w');
  for (let i = 0; i < count; i++)
    writeSync(
      file,
      `{'messages': [{'role': 'user', 'content': '${prose}'}], 'uid': 'u${i}', 'datetime': 'd'}\n`,
    );
  for (let i = count - 1; i >= 0; i--)
    writeSync(file, `{'assistant': '${prose}${i}', 'is_function_call': False, 'uid': 'u${i}'}\n`);
  closeSync(file);
}

/** The most memory that the process had resident so far, in bytes; 0 when it is gone. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

test('a log of 100 MB without a near pair takes under 200 MB of memory, and leaves nothing behind', async () => {
  const at = folder();
  const temporary = join(at, 'tmp');
  mkdirSync(temporary);
  log(at);
  const child = Bun.spawn([process.execPath, main, 'convert', '--log-folder', '.', '--output', 'all.json'], {
    cwd: at,
    env: { PATH: process.env.PATH, TMPDIR: temporary },
    stdout: 'pipe',
  });
  // Not `resourceUsage`: that counts what the process had of its parent, before it became another program.
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, peakOf(child.pid))), 10);
  expect(await child.stdout.text()).toBe(`all.json: ${count} conversations\n`);
  clearInterval(watch);
  expect(await child.exited).toBe(0);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(200e6);
  expect(await Array.fromAsync(new Bun.Glob('**').scan(temporary))).toEqual([]);
  const all = (await Bun.file(join(at, 'all.json')).json()) as { assistant: string }[];
  expect(all.every(({ assistant }, index) => assistant.endsWith(` ${index}`))).toBe(true);
}, 60_000);
