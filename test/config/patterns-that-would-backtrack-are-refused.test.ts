import { expect, test } from 'bun:test';
import { patternList } from '../../src/config/record-kinds.ts';
import { Refused } from '../../src/config/kinds.ts';

test.each(['(?=a)b', '(?<=a)b', '(a)\\1'])('LOG_REDACT with %s names it and what RE2 lacks', (source) => {
  const parsed = patternList.parse(JSON.stringify(['\\d{16}', source]));
  expect(parsed).toBeInstanceOf(Refused);
  expect((parsed as Refused).reason).toContain(JSON.stringify(source));
  expect((parsed as Refused).reason).toContain('no lookahead, lookbehind or backreference');
});
