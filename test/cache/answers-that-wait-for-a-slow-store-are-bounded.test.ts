import { expect, test } from 'bun:test';
import { type Coming, KeptAnswers } from '../../src/gateway/cache/kept.ts';
import type { Entry, EntryStore } from '../../src/store/entries/store.ts';
import { until } from '../support/until.ts';

const entry = { body: new Uint8Array() } as unknown as Entry;
const mebibyte = 2 ** 20;

const coming = (key: string): Coming => ({ key, size: mebibyte, entry });

test('answers beyond 64 MiB that wait for a slow store are not kept, which is said once, until it has caught up', async () => {
  const open: (() => void)[] = [];
  const slow = {
    get: () => undefined,
    put: () => new Promise<void>((resolve) => open.push(resolve)),
    close: () => Promise.resolve(),
  } as unknown as EntryStore;
  const said: string[] = [];
  const kept = new KeptAnswers(slow, (line) => said.push(line));
  for (let i = 0; i < 70; i++) kept.put(coming(`key ${i}`));
  expect(kept.get('key 63')).toBe(entry);
  expect(kept.get('key 64')).toBeUndefined();
  expect(said).toEqual(['cache: is not written as fast as answers come; some are not kept']);
  await until(() => open.length === 64);
  for (const written of open) written();
  await until(() => kept.get('key 0') === undefined);
  kept.put(coming('key 70'));
  expect(kept.get('key 70')).toBe(entry);
  await until(() => open.length === 65);
  open.at(-1)!();
  await kept.close();
});
