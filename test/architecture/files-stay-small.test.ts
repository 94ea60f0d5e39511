import { expect, test } from 'bun:test';
import { modules } from './modules.ts';

const LONGEST = 400;

test(`no source file is over ${LONGEST} lines`, async () => {
  const long = (await modules()).filter(({ lines }) => lines > LONGEST);
  expect(long.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
});
