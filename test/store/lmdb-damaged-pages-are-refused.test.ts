import { expect, test } from 'bun:test';
import { closeSync, copyFileSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openEnvironment } from '../../src/store/lmdb-environment.ts';
import { DamagedFile } from '../../src/store/lmdb-file.ts';
import { Dice } from '../support/random.ts';
import { emptyDir } from './processes.ts';

const PAGE = 4096;
const KEYS = 400;
const options = { useWritemap: false, mapSize: 2 ** 30 };
const key = (i: number) => Buffer.from(`key ${i}`);
const valueOf = (i: number) => Buffer.alloc((i * 577) % 9000, i);

/** A file with branches, leaves, values on pages of their own, and free pages. */
async function make(): Promise<string> {
  const path = emptyDir();
  const { db, gate } = openEnvironment(path, options);
  for (let from = 0; from < KEYS; from += 20)
    db.transactionSync(() => {
      for (let i = from; i < from + 20; i++) db.putSync(key(i), valueOf(i));
    });
  for (let i = 0; i < KEYS; i += 5) db.transactionSync(() => db.removeSync(key(i)));
  await db.close();
  gate.close();
  return join(path, 'data.mdb');
}

/** Opens a copy, reads and writes. @returns whether it was refused */
async function isRefused(file: string, change: (copy: number) => void): Promise<boolean> {
  const path = emptyDir();
  const copy = join(path, 'data.mdb');
  copyFileSync(file, copy);
  const descriptor = openSync(copy, 'r+');
  change(descriptor);
  closeSync(descriptor);
  let environment;
  try {
    environment = openEnvironment(path, options);
  } catch (error) {
    expect(error).toBeInstanceOf(DamagedFile);
    expect((error as Error).message).toMatch(
      /^data\.mdb there is (damaged; remove it|no LMDB file|cut short)/,
    );
    return true;
  }
  const { db, gate } = environment;
  for (let i = 0; i < KEYS; i++) db.getBinary(key(i));
  for (let i = 0; i < KEYS; i += 9) db.transactionSync(() => db.putSync(key(i), valueOf(i + 1)));
  await db.close();
  gate.close();
  return false;
}

// A process that dies of it fails the test as well.
test('a page that was altered is refused, or read without harm', async () => {
  const file = await make();
  const whole = readFileSync(file);
  const dice = new Dice(7);
  const pages = whole.length / PAGE;
  const alter: Record<string, (page: Buffer) => void> = {
    'one bit of the header': (page) => (page[dice.int(0, 23)]! ^= 1 << dice.int(0, 7)),
    'one bit of the list of nodes': (page) => (page[dice.int(24, 63)]! ^= 1 << dice.int(0, 7)),
    'one bit': (page) => (page[dice.int(0, PAGE - 1)]! ^= 1 << dice.int(0, 7)),
    zeros: (page) => page.fill(0),
    'another page': (page) => whole.copy(page, 0, dice.int(0, pages - 1) * PAGE),
    noise: (page) => page.forEach((_, i) => (page[i] = dice.int(0, 255))),
  };
  for (const [how, change] of Object.entries(alter)) {
    let refused = 0;
    for (let i = 0; i < 30; i++) {
      const page = Buffer.alloc(PAGE);
      const at = dice.int(0, pages - 1) * PAGE;
      refused += (await isRefused(file, (copy) => {
        readSync(copy, page, 0, PAGE, at);
        change(page);
        writeSync(copy, page, 0, PAGE, at);
      }))
        ? 1
        : 0;
    }
    // Else it looked at nothing. What is no longer in use, or a value, is not seen.
    expect(`${how}: ${refused > 0}`).toBe(`${how}: true`);
  }
  expect(await isRefused(file, () => {})).toBe(false);
});
