import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOfLog } from '../../src/record/logfile/names.ts';
import { folder } from '../cli/aifd.ts';

const writer = join(import.meta.dir, 'writer-process.ts');

/** Pairs of lines that each process writes: half as many exchanges as lines. */
async function run(into: string, processes: number, pairs: number, maxSize: number): Promise<string[]> {
  const children = Array.from({ length: processes }, (_, index) =>
    Bun.spawn([process.execPath, writer, into, `p${index}`, String(pairs), String(maxSize)], {
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'pipe',
    }),
  );
  for (const child of children) {
    expect(await child.stderr.text()).toBe('');
    expect(await child.exited).toBe(0);
  }
  const chat = join(into, 'openai/chat');
  const files = filesOfLog('chat.log', readdirSync(chat));
  expect(readdirSync(chat).filter((name) => !files.includes(name))).toEqual([]);
  return files.map((name) => readFileSync(join(chat, name), 'utf8'));
}

/** Each line is whole and there once, after those of its process before it, pairs together. */
function check(files: readonly string[], processes: number, pairs: number): void {
  const next = new Map<string, number>();
  let strange = 0;
  for (const file of files) {
    const lines = file.split('\n');
    expect(lines.pop()).toBe('');
    for (let at = 0; at < lines.length; at += 2) {
      const [, name, index, text] = /^(p\d) (\d+) request (x*) end$/.exec(lines[at]!) ?? [];
      if (name === undefined || lines[at + 1] !== `${name} ${index} answer ${text} end`) strange++;
      else if (Number(index) !== (next.get(name) ?? 0)) strange++;
      if (name !== undefined) next.set(name, Number(index) + 1);
    }
  }
  expect(strange).toBe(0);
  expect([...next.values()]).toEqual(Array.from({ length: processes }, () => pairs));
}

test('4 processes, 50,000 lines each, one file', async () => {
  const files = await run(folder(), 4, 25_000, 0);
  expect(files).toHaveLength(1);
  check(files, 4, 25_000);
}, 60_000);

test('with rotation no line is lost, torn or twice', async () => {
  const files = await run(folder(), 4, 25_000, 2_000_000);
  expect(files.length).toBeGreaterThan(20);
  // A process that stood between its look and its write may have written to a file that another put away meanwhile.
  const lines = files.flatMap((file) => file.split('\n').slice(0, -1));
  expect(lines).toHaveLength(200_000);
  expect(new Set(lines).size).toBe(200_000);
  expect(lines.every((line) => /^p\d \d+ (?:request|answer) x* end$/.test(line))).toBe(true);
  for (const file of files) {
    expect(file.endsWith('\n')).toBe(true);
    // What each process had under way when it was full.
    expect(file.length).toBeLessThan(2_000_000 + 4 * 2 ** 20);
  }
}, 60_000);
