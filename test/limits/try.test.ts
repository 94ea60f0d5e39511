import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { vectors } from './vectors.ts';

const main = join(import.meta.dir, '../../src/cli/main.ts');

async function tried(args: string[], input: string | ReadableStream<Uint8Array>) {
  const child = Bun.spawn([process.execPath, main, 'limits', ...args], {
    stdin: typeof input === 'string' ? new Blob([input]) : input,
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const usage = child.resourceUsage();
  return { out, err, code, peakMemory: usage?.maxRSS ?? 0 };
}

test('each request has its verdict, what remains and when it resets', async () => {
  const { out, code } = await tried(
    ['try', '100/2minutes', '--strategy', 'moving-window'],
    '1700000000\n1700000000.5\n',
  );
  expect(out).toBe('allow  remaining 99  resets in 120 s\nallow  remaining 98  resets in 120 s\n');
  expect(code).toBe(0);
});

test('columns are aligned, also those of several limits', async () => {
  const { out } = await tried(['try', '2/10seconds;100/minute'], '0\r\n0.5\r\n\r\n1\r\n11');
  expect(out.split('\n')).toEqual([
    'allow  2/10seconds  remaining 1  resets in 10 s      100/minute  remaining 99  resets in 60 s',
    'allow  2/10seconds  remaining 0  resets in 9.5 s     100/minute  remaining 98  resets in 59.5 s',
    'deny   2/10seconds  remaining 0  resets in 9 s       100/minute  remaining 98  resets in 59 s',
    'allow  2/10seconds  remaining 1  resets in 10 s      100/minute  remaining 97  resets in 49 s',
    '',
  ]);
});

test('its verdicts are those of the Python library', async () => {
  const some = vectors.filter((_, index) => index % 15 === 0);
  const outputs = await Promise.all(
    some.map(({ limit, strategy, t }) => tried(['try', limit, `--strategy=${strategy}`], t.join('\n'))),
  );
  expect(
    outputs.map(({ out }) => [...out.matchAll(/^allow|^deny/gm)].map(([word]) => word === 'allow')),
  ).toEqual(some.map(({ allowed }) => allowed));
});

test('microseconds count', async () => {
  const { out } = await tried(
    ['try', '1/second', '--strategy', 'moving-window'],
    '1700000000.000001\n1700000001.000001\n1700000001.000002\n',
  );
  expect(out.match(/^\w+/gm)).toEqual(['allow', 'deny', 'allow']);
});

test('an unlimited one allows all', async () => {
  expect((await tried(['try', 'inf'], '1\n')).out).toBe('allow  unlimited\n');
});

test('a line that is no number ends it with the number of the line', async () => {
  const { out, err, code } = await tried(['try', '9/second'], '1\n2\nyesterday\n3\n');
  expect(out.match(/^\w+/gm)).toEqual(['allow', 'allow']);
  expect(err).toBe(`aifd: line 3 is no time in seconds: 'yesterday'\n`);
  expect(code).toBe(2);
});

test('a limit that can not be read has its place marked', async () => {
  const { err, code, out } = await tried(['try', '60/minute;600/our'], '1\n');
  expect(err).toEndWith(`\n  60/minute;600/our\n${' '.repeat(2 + 14)}^\n`);
  expect(out).toBe('');
  expect(code).toBe(2);
});

test.each([
  [[], 'missing subcommand: aifd limits try'],
  [['tri', '1/second'], `unknown subcommand 'tri' of aifd limits: did you mean try?`],
  [['try'], 'missing LIMIT: see aifd limits try --help'],
  [['try', '1/second', '--strategy'], '--strategy needs a value'],
  [['try', '1/second', '--strategy', 'moving'], "--strategy is 'moving'; accepted: fixed-window"],
  [['try', '1/second', '--strategy', ' Moving-Windows'], 'did you mean moving-window?'],
  [['try', '1/second', '--port', '1'], '--port is an option of aifd run, not of aifd limits try'],
  [['try', '10', 'per', 'hour'], 'quote a limit'],
] as [string[], string][])('%p is refused', async (args, message) => {
  const { err, code } = await tried(args, '');
  expect(err).toContain(message);
  expect(err.trimEnd()).not.toContain('\n');
  expect(code).toBe(2);
});

test('a million lines pass through without being held', async () => {
  const lines = 1_000_000;
  let line = 0;
  const input = new ReadableStream<Uint8Array>({
    pull(controller) {
      const until = Math.min(line + 10_000, lines);
      let text = '';
      for (; line < until; line++) text += `${1_700_000_000 + line}\n`;
      controller.enqueue(new TextEncoder().encode(text));
      if (line === lines) controller.close();
    },
  });
  const { out, code, peakMemory } = await tried(['try', '30/minute'], input);
  expect(code).toBe(0);
  expect(out.split('\n').length).toBe(lines + 1);
  expect(peakMemory).toBeLessThan(200 * 2 ** 20);
}, 60_000);
