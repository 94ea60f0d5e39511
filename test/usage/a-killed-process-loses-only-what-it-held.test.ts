import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { emptyDir, openStore, sumOf } from './records.ts';

test('killed at any time, all that was committed is there, in days and hours alike', async () => {
  const dir = emptyDir();
  let least = 0;
  let most = 0;
  for (let round = 0; round < 8; round++) {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, 'writer.ts'), dir, '0', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      if (text.split('\n').length > 5 + 3 * round) child.kill('SIGKILL');
    }
    await child.exited;
    const told = Number(text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1));
    expect(told).toBeGreaterThan(0);
    least += told;
    const { store } = openStore(dir);
    const requests = sumOf(store, 'requests');
    expect(requests).toBeGreaterThanOrEqual(most + told);
    // A commit may have been whose line was not read.
    expect(requests % 50).toBe(0);
    expect(sumOf(store, 'requests', 'hour')).toBe(requests);
    most = requests;
    await store.close();
  }
  expect(most).toBeGreaterThanOrEqual(least);
}, 60_000);
