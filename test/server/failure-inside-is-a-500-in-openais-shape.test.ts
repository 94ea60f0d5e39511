import { expect, test } from 'bun:test';
import { load } from '../../src/config/load.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import { emptyFolder } from '../support/aifd.ts';

test('an error of aifd itself is a 500 in the shape of OpenAI, told to the log and not to the client', async () => {
  const { config } = load({ flags: {}, env: { IP_BLACKLIST: '192.0.2.1' }, cwd: emptyFolder() });
  const told: unknown[] = [];
  const gateway = new Gateway(config, (error) => told.push(error));
  const broken = new Error('the secret reason');
  const response = await gateway.handle(new Request('http://x/v1/models'), {
    // The server under the gateway is the one part that a test can honestly break.
    addressOf: () => {
      throw broken;
    },
    liftIdleLimit: () => {},
    limitStall: () => {},
    restoreIdleLimit: () => {},
    upgrade: () => false,
  });
  expect(response?.status).toBe(500);
  expect(response?.headers.get('x-request-id')).toMatch(/^req_\w+$/);
  const text = await response!.text();
  expect(JSON.parse(text)).toEqual({
    error: { message: expect.any(String), type: 'server_error', param: null, code: 'internal_error' },
  });
  expect(text).not.toContain('secret');
  expect(told).toEqual([broken]);
});
