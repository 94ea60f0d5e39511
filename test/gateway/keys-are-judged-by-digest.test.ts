import { expect, test } from 'bun:test';
import { Keyring, withoutQueryKeys } from '../../src/gateway/admit/keys.ts';

const FORWARD = 'fk-forward-key-1';
const request = (headers: Record<string, string> = {}) => new Request('http://a/x', { headers });

test('no key stands in the keyring as it is', () => {
  const ring = new Keyring({ forwardKey: [FORWARD], allowClientKeys: false });
  expect(Bun.inspect(ring, { depth: 10 })).not.toContain(FORWARD);
  expect(JSON.stringify(ring)).not.toContain(FORWARD);
});

test.each([
  ['authorization', { authorization: `Bearer ${FORWARD}` }, '/x'],
  ['authorization', { authorization: `bEARER   ${FORWARD}` }, '/x'],
  ['x-api-key', { 'x-api-key': FORWARD }, '/x'],
  ['api-key', { 'api-key': FORWARD }, '/x'],
  ['x-goog-api-key', { 'x-goog-api-key': FORWARD }, '/x'],
  ['query', {}, `/x?key=${FORWARD}`],
  ['query', {}, `/x?a=b&key=fk%2Dforward%2Dkey-1`],
  ['protocol', { 'sec-websocket-protocol': `realtime, openai-insecure-api-key.${FORWARD}` }, '/x'],
  ['x-api-key', { authorization: 'Bearer other', 'x-api-key': FORWARD }, '/x'],
])('a forward key is found in %s: %j %s', (place, headers, path) => {
  const ring = new Keyring({ forwardKey: [FORWARD], allowClientKeys: false });
  expect(ring.admit(request(headers as Record<string, string>), path, true)).toEqual({
    kind: 'replace',
    place: place as 'query',
    key: FORWARD,
    isChecked: true,
  });
});

test.each([
  ['/x?key=a', '/x'],
  ['/x?a=1&key=a', '/x?a=1'],
  ['/x?key=a&key=b&c', '/x?c'],
  ['/x', '/x'],
  ['/x?monkey=a', '/x?monkey=a'],
  ['/key=a', '/key=a'],
  ['/x?a=%41&k%65y=a&&b', '/x?a=%41&&b'],
])('keys leave the query: %s becomes %s', (path, replaced) => {
  expect(withoutQueryKeys(path)).toBe(replaced);
});
