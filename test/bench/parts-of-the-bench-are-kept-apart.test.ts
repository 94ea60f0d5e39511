import { expect, test } from 'bun:test';
import { basename } from 'node:path';
import { readPlan } from '../../bench/plan.ts';

test.each([
  [[], 'latest.json'],
  [['--rounds', '5'], 'latest.json'],
  [['--peers'], 'peers.json'],
  [['--quick'], 'part.json'],
  [['--peers', '--only', 'json'], 'part.json'],
  [['--contenders', 'direct,aifd'], 'part.json'],
  [['--quick', '--json', '/tmp/mine.json'], 'mine.json'],
])('%p is kept in %s', (args, file) => {
  expect(basename(readPlan(args).file)).toBe(file);
});
