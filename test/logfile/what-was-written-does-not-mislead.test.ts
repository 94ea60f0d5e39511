import { expect, test } from 'bun:test';
import { aifd, spawn } from '../cli/aifd.ts';
import { Dice } from '../support/random.ts';
import { json, logs, python } from './logs.ts';

const texts = async (root: string, ...args: string[]) =>
  (await aifd(['logs', ...args, '--log-dir', root])).out.split('\n').slice(0, -1);

test("what looks like a uid in somebody's text joins nothing", async () => {
  const root = logs({
    'openai/chat/chat.log':
      python('u1', `say "\\'uid\\': \\'u2\\'", "uid": "u2"`, 'spoof') +
      python('u2', 'real', 'truth') +
      json('u3', `'uid': 'u2'`, 'last'),
  });
  for (const word of ['spoof', 'truth', 'last', 'real'])
    expect(await texts(root, 'search', word)).toHaveLength(1);
  expect((await texts(root, 'search', 'truth'))[0]).toEndWith('real → truth');
  expect(await texts(root, 'tail')).toHaveLength(3);
});

test('answers that come late and between others are found with their questions', async () => {
  const dice = new Dice(3);
  const pairs = Array.from({ length: 60 }, (_, index) =>
    python(`u${index}`, `question${index}.`, `answer${index}.`).split('\n'),
  );
  const lines: string[] = [];
  const open: string[] = [];
  for (const [request, answer] of pairs) {
    lines.push(request!);
    open.push(answer!);
    while (open.length > 0 && dice.chance(0.6)) lines.push(open.splice(dice.int(0, open.length - 1), 1)[0]!);
  }
  const root = logs({ 'openai/chat/chat.log': [...lines, ...open, ''].join('\n') });
  expect((await texts(root, 'search', 'ANSWER17.'))[0]).toEndWith('question17. → answer17.');
  const all = await texts(root, 'tail', '-n', '100');
  expect(all).toHaveLength(60);
  for (const line of all) expect(line).toMatch(/question(\d+)\. → answer\1\.$/);
});

test('damaged bytes, blank lines, torn ends and lines over many blocks are borne', async () => {
  const wide = 'word '.repeat(700_000);
  const whole =
    python('u1', 'first', 'one') + '\n\n' + json('u2', wide, 'two') + python('u3', 'third', 'three');
  const root = logs({
    'openai/chat/chat.log': `\u0000\u0001\n{'uid': 'x'\n{"uid":5}\n[1,2]\n${whole}{'messages': 'torn`,
  });
  expect(await texts(root, 'tail', '-n', '10')).toHaveLength(3);
  const { out, err, code } = await aifd(['logs', 'search', 'three', '--log-dir', root]);
  expect(out).toContain('third → three');
  expect(err).toContain('5 lines could not be read, the first at');
  expect(code).toBe(0);
});

test('a reader that has seen enough is borne', async () => {
  const root = logs({
    'openai/chat/chat.log': Array.from({ length: 5000 }, (_, index) => python(`u${index}`, 'q', 'a')).join(
      '',
    ),
  });
  const child = spawn(['logs', 'search', 'q', '--log-dir', root]);
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  expect(await child.exited).toBe(0);
  expect(await child.stderr.text()).toBe('');
});
