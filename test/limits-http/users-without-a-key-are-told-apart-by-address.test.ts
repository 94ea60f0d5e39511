import { expect, test } from 'bun:test';
import { bearer, chatPath, limit, startWay } from './support.ts';

const behind = { REQ_RATE_LIMIT: limit('1/hour'), TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8' };
const from = (forwarded: string) => ({ headers: [`X-Forwarded-For: ${forwarded}`] });

test('behind a trusted proxy: the last address that is no proxy', async () => {
  await using way = await startWay(behind);
  expect((await way.ask(chatPath, from('192.0.2.1'))).status).toBe(200);
  expect((await way.ask(chatPath, from('192.0.2.1'))).status).toBe(429);
  expect((await way.ask(chatPath, from('192.0.2.2'))).status).toBe(200);
  expect((await way.ask(chatPath, from('6.6.6.6, 192.0.2.1, 10.1.1.1'))).status).toBe(429);
  expect((await way.ask(chatPath, from('::ffff:192.0.2.1'))).status).toBe(429);
  expect((await way.ask(chatPath, from('192.0.2.1:4711'))).status).toBe(429);
});

test('an IPv6 address is one user, however it is written', async () => {
  await using way = await startWay(behind);
  expect((await way.ask(chatPath, from('2001:db8::1'))).status).toBe(200);
  expect((await way.ask(chatPath, from('2001:DB8:0:0:0:0:0:1'))).status).toBe(429);
  expect((await way.ask(chatPath, from('[2001:db8::1]:55'))).status).toBe(429);
});

test('without TRUSTED_PROXIES the header says nothing', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour') });
  expect((await way.ask(chatPath, from('192.0.2.1'))).status).toBe(200);
  expect((await way.ask(chatPath, from('192.0.2.2'))).status).toBe(429);
});

const keyFrom = (address: string) => ({ headers: [`X-Forwarded-For: ${address}`, bearer('sk-a')] });

test('a key goes before an address', async () => {
  await using way = await startWay(behind);
  expect((await way.ask(chatPath, keyFrom('192.0.2.1'))).status).toBe(200);
  expect((await way.ask(chatPath, keyFrom('192.0.2.2'))).status).toBe(429);
  expect((await way.ask(chatPath, from('192.0.2.2'))).status).toBe(200);
});
