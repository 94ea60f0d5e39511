import { afterAll, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { userOfKey } from '../../src/gateway/admit/user.ts';
import { openUserSecret, readUserSecret, shownUser, useOwnUserSecret } from '../../src/store/user-digest.ts';
import { emptyFolder } from '../support/aifd.ts';

afterAll(useOwnUserSecret);

const alice = userOfKey('fk-alice');

test('a key is shown as a digest that only the secret of DATA_DIR makes', () => {
  const [one, two] = [emptyFolder(), emptyFolder()];
  expect(openUserSecret(one)).toBeUndefined();
  const shown = shownUser(alice);
  expect(shown).toMatch(/^k:[\w-]{22}$/);
  expect(shown).not.toBe(alice);
  expect(openUserSecret(two)).toBeUndefined();
  expect(shownUser(alice)).not.toBe(shown);
  expect(readUserSecret(one)).toBe(true);
  expect(shownUser(alice)).toBe(shown);
  expect(shownUser('a:127.0.0.1')).toBe('a:127.0.0.1');
});

test('the secret is a file that its owner alone can read, and no draft stays behind', () => {
  const folder = join(emptyFolder(), 'data');
  expect(openUserSecret(folder)).toBeUndefined();
  expect(readdirSync(folder)).toEqual(['secret']);
  expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('processes that start together have one secret', async () => {
  const folder = join(emptyFolder(), 'data');
  const script = `
    const { openUserSecret, shownUser } = await import(${JSON.stringify(join(import.meta.dir, '../../src/store/user-digest.ts'))});
    openUserSecret(${JSON.stringify(folder)});
    console.log(shownUser('k:x'));`;
  const shown = await Promise.all(
    Array.from({ length: 6 }, () => new Response(Bun.spawn([process.execPath, '-e', script]).stdout).text()),
  );
  expect(new Set(shown).size).toBe(1);
  expect(readdirSync(folder)).toEqual(['secret']);
});

test('where the secret can not be kept, the reason is given and digests are secret all the same', () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'data'), 'a file in place of the folder');
  expect(openUserSecret(join(folder, 'data'))).toContain('data');
  expect(shownUser(alice)).not.toBe(alice);
});

test('a secret that was cut is not used, and not replaced', () => {
  const folder = join(emptyFolder(), 'data');
  mkdirSync(folder);
  writeFileSync(join(folder, 'secret'), 'short');
  expect(openUserSecret(folder)).toContain('5 bytes');
  expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe('short');
});
