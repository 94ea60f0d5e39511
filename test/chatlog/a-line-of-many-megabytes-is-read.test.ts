import { afterAll, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesOf } from '../../src/cli/convert/lines.ts';
import { aifd } from '../cli/aifd.ts';
import { pythonLiteral } from '../../src/record/chatlog/literal.ts';

const folder = mkdtempSync(join(tmpdir(), 'aifd-line-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A log whose one exchange has a question of so many megabytes. */
function logOf(megabytes: number): string {
  const root = join(folder, String(megabytes));
  mkdirSync(join(root, 'openai/chat'), { recursive: true });
  const messages = [{ role: 'user', content: `'"\\\n`.repeat((megabytes * 1e6) / 7) }];
  const request = pythonLiteral({ messages, model: 'm', uid: 'a', datetime: '2026-11-27 10:00:00' });
  const answer = pythonLiteral({ assistant: 'Yes.', is_function_call: false, uid: 'a' });
  writeFileSync(join(root, 'openai/chat/chat.log'), `${request}\n${answer}\n`);
  return root;
}

function costOf(megabytes: number): number {
  const path = join(logOf(megabytes), 'openai/chat/chat.log');
  const before = process.cpuUsage().user;
  for (const line of linesOf(path, 65_536)) expect(line.length).toBeGreaterThan(0);
  return process.cpuUsage().user - before;
}

test('aifd logs shows its exchange on one line', async () => {
  const { out } = await aifd(['logs', 'tail', '--log-dir', logOf(20)]);
  expect(out).toContain('→ Yes.');
  expect(out.length).toBeLessThan(1000);
}, 30_000);

test('the time of aifd convert to find its lines grows no faster than the line', () => {
  const first = Math.min(costOf(4), costOf(4));
  // Four times the line: to move it for each read would take sixteen times as long.
  expect(Math.min(costOf(16), costOf(16))).toBeLessThan(12 * Math.max(first, 10_000));
});
