import { afterAll, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from '../../bench/contenders/once.ts';

const parent = mkdtempSync(join(tmpdir(), 'aifd-once-'));
afterAll(() => rmSync(parent, { recursive: true }));

let made = 0;
const make = async (folder: string): Promise<string> => {
  made += 1;
  expect(existsSync(join(folder, 'left over'))).toBe(false);
  writeFileSync(join(folder, 'left over'), '');
  return 'hand';
};

const broken = async (folder: string): Promise<string> => {
  writeFileSync(join(folder, 'left over'), '');
  throw new Error('no network');
};

test('a peer is installed once, and anew when its version changes', async () => {
  expect(await once(parent, 'peer', 'peer 1.0', make)).toContain('installed by hand');
  expect(await once(parent, 'peer', 'peer 1.0', make)).toContain('already');
  expect(made).toBe(1);
  expect(await once(parent, 'peer', 'peer 1.1', make)).toContain('installed by hand');
  expect(made).toBe(2);
});

test('one whose installation broke off is not taken for whole', async () => {
  await expect(once(parent, 'broken', 'peer 1.0', broken)).rejects.toThrow('no network');
  expect(await once(parent, 'broken', 'peer 1.0', make)).toContain('installed');
});
