import { expect, test } from 'bun:test';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineWriter } from '../../src/record/access/access-line-writer.ts';
import { emptyFolder } from '../support/aifd.ts';
import { until, within } from '../support/until.ts';

/** A named pipe with both ends open; nobody reads until {@link drain}. */
function pipe() {
  const path = join(emptyFolder(), 'pipe');
  Bun.spawnSync(['mkfifo', path]);
  // Read and write: so that opening waits for nobody.
  return { path, descriptor: openSync(path, 'r+') };
}

test('lines of one turn are one write, in order', async () => {
  const path = join(emptyFolder(), 'lines');
  const descriptor = openSync(path, 'w');
  const writer = new LineWriter(descriptor, String);
  const lines = Array.from({ length: 5_000 }, (_, i) => `line ${i} ${'ü'.repeat(i % 70)}\n`);
  for (const line of lines) writer.add(line);
  await writer.close();
  closeSync(descriptor);
  expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
});

test('a reader that does not read costs lines, which are counted, and neither time nor memory', async () => {
  const { path, descriptor } = pipe();
  const writer = new LineWriter(descriptor, (dropped) => `dropped=${dropped}\n`, 100_000);
  const line = `${'x'.repeat(99)}\n`;
  for (let i = 0; i < 20_000; i++) {
    writer.add(line);
    if (i % 1_000 === 0) await new Promise<void>((done) => setImmediate(done));
  }
  const started = performance.now();
  await writer.close();
  expect(performance.now() - started).toBeLessThan(3_000);
  // Now somebody reads.
  const reader = Bun.spawn(['cat', path], { stdout: 'pipe', stderr: 'ignore' });
  let text = '';
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const piece of reader.stdout) text += decoder.decode(piece, { stream: true });
  })();
  await until(() => /dropped=\d+\n/.test(text), 'what was dropped is said');
  await until(() => counted(text) === 20_000, 'all lines are accounted for');
  expect(text.split('\n').length).toBeLessThan(3_000);
  closeSync(descriptor);
  reader.kill();
  await reader.exited;
  await reading;
});

function counted(text: string): number {
  let all = 0;
  for (const line of text.split('\n').slice(0, -1)) {
    const dropped = /^dropped=(\d+)$/.exec(line)?.[1];
    all += dropped === undefined ? 1 : Number(dropped);
  }
  return all;
}

test('a reader that is gone is forgotten', async () => {
  const script = `
    import { LineWriter } from ${JSON.stringify(join(import.meta.dir, '../../src/record/access/access-line-writer.ts'))};
    const writer = new LineWriter(1, String);
    for (let i = 0; i < 100; i++) { writer.add('x'.repeat(5_000) + '\\n'); await Bun.sleep(1); }
    await writer.close();
    console.error('done ' + (writer.isGone ? 'gone' : 'there'));
  `;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'pipe' });
  await child.stdout.cancel();
  const said = await within(new Response(child.stderr).text(), 'it ends', 15_000);
  expect(said).toBe('done gone\n');
  expect(await child.exited).toBe(0);
});

test('a full disk loses lines and says so; it is no end', async () => {
  const full = openSync('/dev/full', 'w');
  const writer = new LineWriter(full, (dropped) => `dropped=${dropped}\n`);
  writer.add('one\n');
  writer.add('two\n');
  await until(() => (writer as unknown as { dropped: number }).dropped === 2, 'both are counted');
  expect((writer as unknown as { isGone: boolean }).isGone).toBe(false);
  closeSync(full);
});
