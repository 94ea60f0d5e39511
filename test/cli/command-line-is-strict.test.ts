import { expect, test } from 'bun:test';
import { aifd } from './aifd.ts';

const refused: [string[], string][] = [
  [['config', '--prot', '1'], 'unknown option --prot: did you mean --port?'],
  [['run', '--wrokers=2'], 'unknown option --wrokers: did you mean --workers?'],
  [['run', '--json'], 'unknown option --json: see aifd run --help'],
  [['config', '-p', '1'], 'unknown option -p: see aifd config --help'],
  [['config', '--port'], '--port needs a value'],
  [['config', '--port='], '--port needs a value'],
  [['config', '--port', '--host', 'x'], '--port needs a value'],
  [['config', '--port', '1', '--port', '2'], '--port given twice'],
  [['config', '--json=1'], '--json takes no value'],
  [['run', '8000'], "unexpected argument '8000': see aifd run --help"],
  [['config', 'sk-0123456789abcdef'], "unexpected argument 'sk-…cdef': see aifd config --help"],
  [['rnu'], 'unknown command rnu: did you mean run?'],
  [['translate'], 'unknown command translate: see aifd --help'],
  [['--versoin'], 'unknown option --versoin: did you mean --version?'],
  [['--version', 'extra'], '--version takes no arguments'],
  [['-v', '--json'], '-v takes no arguments'],
  [['--help', 'run'], '--help takes no arguments: aifd COMMAND --help shows the options of a command'],
  [['run', '--demo', '--openai-api-key', 'sk-1'], "--demo can't be used with --openai-api-key"],
  [['run', '--demo', '--openai-base-url', 'http://h'], "--demo can't be used with --openai-base-url"],
];

test.concurrent.each(refused)('aifd %p is refused in one line', async (args, line) => {
  expect(await aifd(args)).toEqual({ out: '', err: `aifd: ${line}\n`, code: 2 });
});

test('a switch of the table may stand alone or have a value', async () => {
  for (const [args, value] of [
    [['--allow-client-keys'], true],
    [['--allow-client-keys', 'off'], false],
    [['--allow-client-keys=false', '--json'], false],
    [['--allow-client-keys', '--port', '1'], true],
  ] as const) {
    const { out } = await aifd(['config', ...args.filter((arg) => arg !== '--json'), '--json']);
    expect(JSON.parse(out)).toMatchObject({ ALLOW_CLIENT_KEYS: { value: String(value), source: 'flag' } });
  }
});
