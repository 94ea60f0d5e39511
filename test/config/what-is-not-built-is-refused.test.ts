import { expect, test } from 'bun:test';
import { load } from '../../src/config/load.ts';
import { notYet } from '../../src/config/options.ts';
import { folder } from '../cli/aifd.ts';
import { problemsOf } from './given.ts';

test.each([...notYet])('%s can not be turned on', (name) => {
  const line = `${name} is set, but this version does not have it: unset it`;
  expect(problemsOf({ [name]: 'redis' })).toEqual([line]);
  const cwd = folder({ '.env': `${name}='{"/v1": "1/minute"}'\n` });
  expect(() => load({ flags: {}, env: {}, cwd })).toThrow(line);
});

test.each(['', 'false', 'off', '{}', '{ }', '0'])('turned off by %p it is no problem', (text) => {
  expect(problemsOf({ [notYet[0]]: text, BENCHMARK_MODE: text })).toEqual([]);
});
