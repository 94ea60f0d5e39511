#!/usr/bin/env bun
/** What aifd logs is read by the original's converter (PyPI `openai-forward`), and gives the same conversations as by ours. */
import { deepStrictEqual } from 'node:assert';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { logged } from '../chatlog/exchanges.ts';
import { mixedExchanges } from '../chatlog/mixed.ts';
import { check, finish, pythonWith, run, temporaryFolder } from './support.ts';

const converter = 'openai-forward==0.6.4';
const count = 1000;
const main = join(import.meta.dir, '../../src/cli/main.ts');
const theirs = `import sys
from openai_forward.helper import convert_folder_to_jsonl
convert_folder_to_jsonl(sys.argv[1], sys.argv[2])`;

await finish(240_000, async () => {
  const python = await pythonWith(converter, 120_000);
  const folder = temporaryFolder();
  for (const format of ['python', 'jsonl'] as const) {
    const files = await logged(mixedExchanges(count, 1), { format });
    for (const [file, lines] of Object.entries(files)) {
      const path = join(folder, format, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, lines);
    }
  }
  const at = (name: string): string => join(folder, name);
  await must([process.execPath, main, 'convert', '--log-folder', at('python'), '--output', at('ours.json')]);
  await must([process.execPath, main, 'convert', '--log-folder', at('jsonl'), '--output', at('jsonl.json')]);
  console.log((await must([python, '-c', theirs, at('python/openai/chat'), at('theirs.json')])).trim());
  const [ours, ofJsonLines, original] = ['ours.json', 'jsonl.json', 'theirs.json'].map((name) =>
    readFileSync(at(name), 'utf8'),
  ) as [string, string, string];
  const conversations = JSON.parse(ours) as { datetime: string }[];
  await check(`${conversations.length} of ${count} exchanges have an answer`, () => {
    if (conversations.length < count * 0.8) throw new Error('so few');
  });
  await check("the original's converter gives the same conversations", () =>
    deepStrictEqual(conversations, JSON.parse(original)),
  );
  await check('byte for byte', () => {
    if (ours !== original) throw new Error('they are written in another way');
  });
  // Compressed answers are written when they are decoded, so later than some that came after them.
  const inOrder = (text: string): unknown => (JSON.parse(text) as typeof conversations).toSorted(byTime);
  await check('JSON lines give the same as Python literals', () =>
    deepStrictEqual(inOrder(ofJsonLines), inOrder(ours)),
  );
});

function byTime(a: { datetime: string }, b: { datetime: string }): number {
  return a.datetime < b.datetime ? -1 : 1;
}

async function must(command: string[]): Promise<string> {
  const { text, code } = await run(command, { limit: 60_000, env: { TZ: 'UTC' } });
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${text.slice(-3000)}`);
  return text;
}
