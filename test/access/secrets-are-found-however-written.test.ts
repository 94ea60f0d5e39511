import { expect, test } from 'bun:test';
import { mask } from '../../src/config/mask.ts';
import { findSecrets } from './secrets.ts';

const key = 'sk-MARKED-7fQ2+/zW9x_Lr4T0';

test.each([
  ['whole', `x ${key} y`],
  ['percent-encoded', `?key=${encodeURIComponent(key)}`],
  ['hex', Buffer.from(key).toString('hex').toUpperCase()],
  ['in base64', Buffer.from(`Bearer ${key}`).toString('base64')],
  ['in base64 of user and password', Buffer.from(`a:${key}`).toString('base64')],
  ['in base64url', Buffer.from(`xy:${key}!`).toString('base64url')],
  ['reversed', [...key].toReversed().join('')],
  ['a part of it', `sk-${key.slice(6, 14)}`],
  ['without its end', key.slice(0, -5)],
])('%s', (_, text) => {
  expect(findSecrets({ log: `before\n${text}\nafter` }, ['another-key-of-16', key])[0]).toMatchObject({
    where: 'log',
    key: 1,
  });
  expect(findSecrets({ log: Buffer.from(text) }, [key])).not.toEqual([]);
});

test('what may be shown is no leak, nor is a digest', () => {
  const digest = Bun.SHA256.hash(key, 'base64');
  expect(findSecrets({ a: mask(key), b: `${digest} k:${digest.slice(0, 22)}`, c: '' }, [key])).toEqual([]);
});

test('a leak does not show the key', () => {
  expect(JSON.stringify(findSecrets({ log: key }, [key]))).not.toContain(key.slice(3, 10));
});
