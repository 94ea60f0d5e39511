import { expect, test } from 'bun:test';
import { readPairs } from '../../src/config/pairs.ts';

test.each([
  ['', {}],
  ['a=b', { a: 'b' }],
  [' a = b , c=d%20e,', { a: 'b', c: 'd e' }],
  ['authorization=Basic%20eDp5eg==', { authorization: 'Basic eDp5eg==' }],
  ['a=100%', { a: '100%' }],
  ['a=', { a: '' }],
  ['a=1,a=2', { a: '2' }],
])('%p', (text, pairs) => {
  expect(readPairs(text)).toEqual(pairs as Record<string, string>);
});

test.each(['marked-secret', 'a=b,marked-secret', '=marked-secret'])(
  '%p is refused without showing it',
  (text) => {
    let message = '';
    try {
      readPairs(text);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^part \d is not name=value$/);
  },
);

test('a name of an object is a name', () => {
  expect(Object.keys(readPairs('__proto__=x,constructor=y'))).toEqual(['__proto__', 'constructor']);
});
