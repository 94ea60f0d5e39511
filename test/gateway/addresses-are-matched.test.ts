import { describe, expect, test } from 'bun:test';
import { AddressRules } from '../../src/gateway/admit/address.ts';
import type { Edge } from '../../src/gateway/exchange.ts';

const none = { ipWhitelist: [], ipBlacklist: [], trustedProxies: [], ipv6Prefix: 64 };
const asking = (socket: string, forwarded?: string) =>
  [
    new Request('http://a/', { headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }),
    { addressOf: () => socket } as unknown as Edge,
  ] as const;
const admits = (rules: Partial<typeof none> | Record<string, string[]>, socket: string, forwarded?: string) =>
  new AddressRules({ ...none, ...rules }).admits(...asking(socket, forwarded));

test('without lists everybody is let in', () => {
  expect(admits({}, '1.2.3.4')).toBe(true);
  expect(admits({}, '')).toBe(true);
});

describe.each([
  [
    '10.0.0.1',
    ['10.0.0.1', '::ffff:10.0.0.1', '0:0:0:0:0:ffff:a00:1', '::FFFF:0a00:0001', '::ffff:a00:1%eth0'],
    ['10.0.0.2', '::1', ''],
  ],
  ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.9.9.9'], ['9.255.255.255', '11.0.0.0']],
  ['10.0.0.0/31', ['10.0.0.0', '10.0.0.1'], ['10.0.0.2']],
  ['0.0.0.0/0', ['1.2.3.4', '255.255.255.255'], ['::1']],
  ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1']],
  ['2001:db8::/32', ['2001:db8::1', '2001:DB8:ffff::'], ['2001:db9::1']],
  ['::/0', ['::1', 'fe80::1'], []],
  ['::ffff:10.0.0.0/104', ['10.1.2.3', '0:0:0:0:0:ffff:a01:203'], ['11.0.0.0', '::1']],
])('%s', (entry, inside, outside) => {
  test.each(inside)('holds %s', (address) => {
    expect(admits({ ipWhitelist: [entry] }, address)).toBe(true);
    expect(admits({ ipBlacklist: [entry] }, address)).toBe(false);
  });

  test.each(outside)('does not hold %j', (address) => {
    expect(admits({ ipWhitelist: [entry] }, address)).toBe(false);
    expect(admits({ ipBlacklist: [entry] }, address)).toBe(true);
  });
});

test('the black list goes before the white one', () => {
  expect(admits({ ipWhitelist: ['10.0.0.0/8'], ipBlacklist: ['10.0.0.1'] }, '10.0.0.1')).toBe(false);
  expect(admits({ ipWhitelist: ['10.0.0.0/8'], ipBlacklist: ['10.0.0.1'] }, '10.0.0.2')).toBe(true);
});

describe('the client’s address', () => {
  const rules = new AddressRules({ ...none, trustedProxies: ['127.0.0.1', '10.0.0.0/8', '::1'] });
  test.each([
    ['9.9.9.9', '1.1.1.1', '9.9.9.9'],
    ['127.0.0.1', undefined, '127.0.0.1'],
    ['127.0.0.1', '', '127.0.0.1'],
    ['127.0.0.1', '1.1.1.1', '1.1.1.1'],
    ['::ffff:127.0.0.1', '1.1.1.1', '1.1.1.1'],
    ['::1', '1.1.1.1,10.0.0.9', '1.1.1.1'],
    ['127.0.0.1', '2.2.2.2, 1.1.1.1 , 10.0.0.1, 10.0.0.2', '1.1.1.1'],
    ['127.0.0.1', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['127.0.0.1', '1.1.1.1:5678', '1.1.1.1'],
    ['127.0.0.1', '[2001:db8::1]:5678', '2001:db8::1'],
    ['127.0.0.1', '2001:db8::1', '2001:db8::1'],
    ['127.0.0.1', '::ffff:1.1.1.1', '1.1.1.1'],
    // What can't be read is nobody's address: the last known one stands.
    ['127.0.0.1', '1.1.1.1, unknown, 10.0.0.1', '10.0.0.1'],
    ['127.0.0.1', '1.1.1.1, 999.1.1.1', '127.0.0.1'],
  ])('socket %s, header %j: %s', (socket, forwarded, address) => {
    expect(rules.clientAddress(...asking(socket, forwarded))).toBe(address);
  });
});

test('a v4 address in a v6 coat of hex digits is the same address', () => {
  expect(
    admits({ ipBlacklist: ['1.1.1.1'], trustedProxies: ['127.0.0.1'] }, '127.0.0.1', '::ffff:101:101'),
  ).toBe(false);
});

test.each([
  [64, '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  [64, '2001:db8::1', '2001:db8::/64'],
  [56, '2001:db8:1:2ff:3::1', '2001:db8:1:200::/56'],
  [48, '2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
  [1, 'ffff::1', '8000::/1'],
  [128, '2001:db8::1', '2001:db8::1'],
  [64, '::ffff:1.2.3.4', '1.2.3.4'],
  [64, '1.2.3.4', '1.2.3.4'],
])('with IPV6_PREFIX=%d the user at %s is %s', (ipv6Prefix, address, user) => {
  expect(new AddressRules({ ...none, ipv6Prefix }).userAddress(...asking(address))).toBe(user);
});
