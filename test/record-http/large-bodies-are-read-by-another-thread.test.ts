import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Happening } from '../../src/record/happening.ts';
import { AsideThread } from '../../src/server/aside.ts';
import type { AsideSetup } from '../../src/server/aside-messages.ts';
import { chatLogOf, printerOf } from '../../src/server/body-sinks.ts';
import { chatAnswer, chatStream, happening, jsonAnswer } from '../chatlog/exchanges.ts';
import { useOwnUserSecret } from '../../src/store/user-digest.ts';
import { streamOf } from '../logfile/printer.ts';

// The other thread has to make the same digests of keys.
useOwnUserSecret();

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

const secret = 'sk-live-0123456789abcdefghij';
const MIB = 2 ** 20;

function setupOf(given: Partial<AsideSetup> = {}): AsideSetup & { log: { folder: string } } {
  const folder = mkdtempSync(join(tmpdir(), 'aifd-aside-'));
  folders.push(folder);
  return {
    keys: [],
    redact: [],
    log: { format: 'jsonl', folder, maxSize: 0, keep: undefined },
    ...given,
  } as never;
}

/** What is logged of them, a line each, without what differs each time. */
async function logged(setup: ReturnType<typeof setupOf>, isAside: boolean, happenings: readonly Happening[]) {
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  const aside = isAside ? new AsideThread(setup, { write: () => {}, say, onQuestion: () => {} }) : undefined;
  const log = chatLogOf(setup, say, aside);
  let longest = 0;
  let before = performance.now();
  for (const each of happenings) log.happened(each);
  const looking = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - before);
    before = now;
  }, 1);
  longest = Math.max(longest, performance.now() - before);
  await log.close();
  clearInterval(looking);
  const text = readFileSync(join(setup.log.folder, 'openai/chat/chat.log'), 'utf8');
  return {
    lines: text
      .replace(/"uid":"\w+"/g, '"uid":""')
      .split('\n')
      .slice(0, -1),
    longest,
    said,
  };
}

const large = (text: string) =>
  happening({
    request: Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: text }] })),
    answer: jsonAnswer(chatAnswer({ role: 'assistant', content: `${secret} ${text}` })),
  });

test('what it logs is what would be logged here', async () => {
  const happenings = [
    large('x"\\\n'.repeat(50_000)),
    large('small'),
    { ...large('é'.repeat(100_000)), status: 500 },
  ];
  const here = await logged(setupOf(), false, happenings);
  const there = await logged(setupOf(), true, happenings);
  expect(there.lines.toSorted()).toEqual(here.lines.toSorted());
  expect(there.lines.join('')).not.toContain(secret);
  expect(there.said).toEqual([]);
});

test('a coded answer that is large when it is decoded goes there, too', async () => {
  const each = large('x'.repeat(MIB));
  const answer = { ...each.answer!, encoding: 'gzip', body: gzipSync(each.answer!.body) };
  const there = await logged(setupOf(), true, [{ ...each, request: undefined, answer }]);
  expect(there.lines.join('')).toContain('x'.repeat(MIB));
});

test('8 MB of quotes do not hold up the event loop', async () => {
  const each = large('"'.repeat(4 * MIB - 1000));
  const here = await logged(setupOf(), false, [each]);
  const there = await logged(setupOf(), true, [each]);
  expect(there.lines).toHaveLength(2);
  expect(there.lines).toEqual(here.lines);
  // The better of two, for a busy machine holds up the loop as well. To copy it is what remains.
  const again = await logged(setupOf(), true, [each]);
  expect(Math.min(there.longest, again.longest)).toBeLessThan(here.longest / 3);
});

test('while too much waits, bodies are left out, and the lines say so', async () => {
  const each = large('"'.repeat(4 * MIB - 1000));
  const there = await logged(
    setupOf(),
    true,
    Array.from({ length: 12 }, () => each),
  );
  const bare = there.lines.filter((line) => line.includes('"truncated":true'));
  expect(bare.length).toBeGreaterThan(0);
  expect(bare.length + (there.lines.length - bare.length) / 2).toBe(12);
  expect(bare.every((line) => line.length < 1000)).toBe(true);
});

test('the patterns of LOG_REDACT run there, whatever the length', async () => {
  const setup = setupOf({ redact: [/nam\w+/] });
  const { lines } = await logged(setup, true, [large('a name')]);
  expect(lines.join('')).toContain('a ***');
});

test('a live answer to a large request is printed behind the question', async () => {
  const out: string[] = [];
  const setup: AsideSetup = { keys: [], redact: [], print: { isColored: false } };
  const write = (text: string) => void out.push(text);
  const aside = new AsideThread(setup, { write, say: write, onQuestion: (id) => printer.questionShown(id) });
  const printer = printerOf(setup, write, aside);
  const request = { model: 'm', messages: [{ role: 'user', content: `${'x '.repeat(50_000)} sowhy?` }] };
  const live = printer.answering(streamOf('req-abc123', request))!;
  live.chunk(Buffer.from(chatStream([{ content: 'Because.\n' }])));
  printer.happened({ ...happening({ id: 'req-abc123' }), end: 'whole' });
  await printer.close();
  const text = out.join('');
  expect(text.indexOf('sowhy?')).toBeGreaterThan(0);
  expect(text.indexOf('Because.')).toBeGreaterThan(text.indexOf('sowhy?'));
});
