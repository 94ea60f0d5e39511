import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { happening, printer } from './printer.ts';

function idsOf(...ids: string[]): string[] {
  const { printer: chat, out } = printer();
  for (const id of ids) chat.happened(happening(id, {}, 'application/json', '{}'));
  return [...new Set(out.map((line) => line.slice(0, line.indexOf(' '))))];
}

test('ids of our own show whose they are, and count', () => {
  const [a, b] = ['req_c0677680149c470a957f', 'req_51d07680149c470a957f'];
  expect(idsOf(`${a}000000000001`, `${b}000000000001`, `${a}00000000abcd`, `${a}0000000abcde`)).toEqual([
    'c067-0001',
    '51d0-0001',
    'c067-abcd',
    'c067-abcde',
  ]);
});

test('ids of others show their end', () => {
  const ids = idsOf('demo-0b7c-4ff8812a', 'x', 'req_0123456789abcdef0123456789abcdef');
  expect(ids).toEqual(['f8812a', 'x', 'abcdef']);
});

test('the first ids of two processes are told apart', async () => {
  const code = `console.log((await import(${JSON.stringify(join(import.meta.dir, '../../src/gateway/request-id.ts'))})).requestId())`;
  const made = await Promise.all(
    [1, 2].map(() => Bun.spawn([process.execPath, '-e', code], { stdout: 'pipe' }).stdout.text()),
  );
  expect(idsOf(...made.map((id) => id.trim()))).toHaveLength(2);
});
