import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { accessLine } from '../../src/record/access/access-line.ts';
import { happening, logged } from '../chatlog/exchanges.ts';

const main = join(import.meta.dir, '../../src/cli/main.ts');

async function verdicts(input: string, limit = '2/minute') {
  const child = Bun.spawn([process.execPath, main, 'limits', 'try', limit], {
    stdin: new Blob([input]),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { words: [...out.matchAll(/^\w+/gm)].map(([word]) => word), err, code };
}

const start = Date.UTC(2026, 10, 20, 12);
/** The third comes too early; the second, which took long, is logged last. */
const came = [start, start + 50_000, start + 10_000].map((at) => happening({ at }));
const expected = ['allow', 'allow', 'deny'];

test.each(['text', 'json'] as const)('access lines as %s, beside what else a server says', async (format) => {
  const lines = came.map((each) => accessLine(each, format));
  const panel = 'aifd is ready to serve!\nlistening on http://127.0.0.1:8000 (started in 70 ms)\n';
  const dropped =
    format === 'json'
      ? '{"time":"2026-11-20T12:00:01.000Z","dropped":5}\n'
      : '2026-11-20T12:00:01.000Z dropped=5\n';
  const { words, err, code } = await verdicts(`${panel}${lines.join('')}${dropped}\n`);
  expect({ words, code }).toEqual({ words: expected, code: 0 });
  expect(err).toBe("aifd: 3 lines are no request's, and were passed over\n");
});

test('the first column of access lines', async () => {
  const column = came.map((each) => accessLine(each, 'text').split(' ')[0]).join('\n');
  expect(await verdicts(column)).toEqual({ words: expected, err: '', code: 0 });
});

test.each(['python', 'jsonl'] as const)('a chat log as %s', async (format) => {
  const messages = [{ role: 'user', content: `2026-11-20T12:00:00Z ${'x'.repeat(100_000)}` }];
  const request = Buffer.from(JSON.stringify({ messages }));
  const exchanges = came.map(({ at }) => happening({ at, request }));
  const [log] = Object.values(await logged(exchanges, { format }));
  expect((await verdicts(log!)).words).toEqual(expected);
});

test('what has no time at all is an error that shows the first line', async () => {
  const { words, err, code } = await verdicts('\nyesterday\ntoday\n');
  expect({ words, code }).toEqual({ words: [], code: 2 });
  expect(err).toBe("aifd: line 2 is no time in seconds: 'yesterday'\n");
});

test('seconds behind a line that is none are an error, too', async () => {
  const { err, code } = await verdicts('yesterday\n1\n2\n');
  expect(err).toBe("aifd: line 1 is no time in seconds: 'yesterday'\n");
  expect(code).toBe(2);
});

test('on a terminal it says what it waits for', async () => {
  const script = `import os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
seen = b''
while b'Ctrl-D' not in seen: seen += os.read(fd, 4096)
os.write(fd, b'1\\n\\x04')
try:
  while b'allow' not in seen: seen += os.read(fd, 4096)
except OSError: pass
print(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
  const args = [process.execPath, main, 'limits', 'try', '1/second'];
  const child = Bun.spawn(['python3', '-c', script, ...args], { stdout: 'pipe', env: process.env });
  const [out, code] = await Promise.all([child.stdout.text(), child.exited]);
  expect(out).toContain('aifd: reading request times from the terminal; Ctrl-D ends them');
  expect(out).toContain('allow');
  expect(code).toBe(0);
});
