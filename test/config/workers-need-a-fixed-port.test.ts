import { expect, test } from 'bun:test';
import { aifd } from '../cli/aifd.ts';
import { given, problemsOf } from './given.ts';

test.each(['config', 'run'])('aifd %s refuses several workers on port 0', async (command) => {
  const { err, code } = await aifd([command, '--workers', '2', '--port', '0']);
  expect(err).toBe('aifd: PORT is 0 and WORKERS is 2: several workers need one fixed port\n');
  expect(code).toBe(2);
});

test('one worker may have any port', () => {
  expect(given({ PORT: '0', WORKERS: '1' }).config.port).toBe(0);
});

test('a port that could not be read is told once', () => {
  expect(problemsOf({ PORT: 'x', WORKERS: '2' })).toHaveLength(1);
});
