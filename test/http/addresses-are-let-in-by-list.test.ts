import { expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const from = (address: string) => ({ headers: [`X-Forwarded-For: ${address}`] });

test('an address that is not on the white list, or is on the black one, is 403', async () => {
  await using upstream = await startUpstream();
  const OPENAI_BASE_URL = upstream.url;
  await using elsewhere = await startAifd({ OPENAI_BASE_URL, IP_WHITELIST: '10.0.0.0/8,2001:db8::/32' });
  await using barred = await startAifd({ OPENAI_BASE_URL, IP_BLACKLIST: '127.0.0.0/8' });
  await using allowed = await startAifd({ OPENAI_BASE_URL, IP_WHITELIST: '127.0.0.1' });
  await using split = await startAifd({
    OPENAI_BASE_URL,
    IP_WHITELIST: '127.0.0.0/8',
    IP_BLACKLIST: '127.0.0.1',
  });
  for (const { url } of [elsewhere, barred, split]) {
    expectRefusal(await ask(url, '/x'), 403, 'address_not_allowed');
    // Without TRUSTED_PROXIES the header is anybody's word.
    expectRefusal(await ask(url, '/x', from('10.1.2.3')), 403, 'address_not_allowed');
  }
  expect(upstream.requests).toHaveLength(0);
  expect((await ask(allowed.url, '/x', from('6.6.6.6'))).status).toBe(200);
});

test('behind a trusted proxy the last untrusted address of X-Forwarded-For is the client’s', async () => {
  await using upstream = await startUpstream();
  await using aifd = await startAifd({
    OPENAI_BASE_URL: upstream.url,
    TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8',
    IP_WHITELIST: '203.0.113.0/24,2001:db8::/32',
  });
  const status = async (address: string) => (await ask(aifd.url, '/x', from(address))).status;
  expect(await status('203.0.113.7')).toBe(200);
  expect(await status('2001:db8::7')).toBe(200);
  expect(await status('203.0.113.7, 10.0.0.1')).toBe(200);
  expect(await status('6.6.6.6, 203.0.113.7')).toBe(200);
  expect(await status('203.0.113.7, 6.6.6.6')).toBe(403);
  expect(await status('203.0.113.7, 6.6.6.6, 10.0.0.1')).toBe(403);
  expect(await status('2001:db9::7')).toBe(403);
  expect(await status('203.0.113.7, nonsense')).toBe(403);
  expect((await ask(aifd.url, '/x')).status).toBe(403);
});

test('/metrics is under the lists, too', async () => {
  await using aifd = await startAifd({ METRICS: 'public', IP_BLACKLIST: '127.0.0.1' });
  expectRefusal(await ask(aifd.url, '/metrics'), 403, 'address_not_allowed');
});
