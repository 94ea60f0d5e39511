import { expect, test } from 'bun:test';
import { chatLines, runAifd } from '../record-http/support.ts';
import { emptyFolder, forwardingTo, spawnAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { startUpstream } from '../support/upstream.ts';
import { logs, python } from './logs.ts';

const answer = JSON.stringify({ choices: [{ message: { role: 'assistant', content: 'Hello there' } }] });

/** What the log of a server in a zone holds after one request. */
async function logOf(TZ: string, format: string): Promise<string> {
  const LOG_DIR = emptyFolder();
  await using upstream = await startUpstream(async (request) => {
    await request.whole();
    request.answer(200, answer, ['Content-Type: application/json']);
  });
  const env = { ...forwardingTo(upstream.url), LOG_CHAT: 'true', LOG_FORMAT: format, LOG_DIR, TZ };
  await using server = await spawnAifd(env);
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'what time is it' }] });
  await (await fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body })).text();
  await until(async () => (await chatLines(LOG_DIR).catch(() => [])).length === 2, 'the log has it');
  return LOG_DIR;
}

test.each([
  ['Asia/Tokyo', 'UTC', '+00:00', 'python'],
  ['UTC', 'Asia/Tokyo', '+09:00', 'jsonl'],
  ['America/New_York', 'Asia/Kolkata', '+05:30', 'python'],
])('written in %s, read in %s', async (writer, TZ, offset, format) => {
  const before = Date.now();
  const folder = await logOf(writer, format);
  const aifd = (...args: string[]) => runAifd(['logs', ...args, '--log-dir', folder], { TZ });
  const { out } = await aifd('search', '--since', '1h', 'what time');
  const [, day, time, zone] = /^(\S+) (\S+) (\S+) /.exec(out)!;
  expect(zone).toBe(offset);
  const shown = Date.parse(`${day}T${time}${zone}`);
  expect(shown).toBeGreaterThan(before - 2000);
  expect(shown).toBeLessThanOrEqual(Date.now());
  const [line] = (await aifd('tail', '--json')).out.split('\n');
  const { time: at, request } = JSON.parse(line!) as { time: string; request: Record<string, string> };
  expect(Date.parse(at)).toBe(Date.parse(request.time!));
  // The original's field is as the original writes it: the writer's local time.
  expect(request.time!.slice(0, 19).replace('T', ' ')).toBe(request.datetime!);
  expect(new Intl.DateTimeFormat('sv-SE', { timeZone: writer }).format(Date.parse(at))).toBe(
    request.datetime!.slice(0, 10),
  );
});

test('a log without instants is read in the zone of who reads it', async () => {
  const folder = logs({ 'openai/chat/chat.log': python('u1', 'first', 'one') });
  const { out } = await runAifd(['logs', 'tail', '--log-dir', folder], { TZ: 'Asia/Tokyo' });
  expect(out).toStartWith('2026-11-20 12:00:00         abcdefghij');
  const json = await runAifd(['logs', 'tail', '--json', '--log-dir', folder], { TZ: 'Asia/Tokyo' });
  expect(JSON.parse(json.out)).toMatchObject({ time: '2026-11-20T03:00:00.000Z' });
});
