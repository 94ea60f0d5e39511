import { expect, test } from 'bun:test';
import { RawClient, requestBytes } from '../support/raw.ts';
import { within } from '../support/until.ts';
import { spawnServer } from './spawn.ts';

test.each([
  ['kept alive after an answer', requestBytes('/healthz')],
  ['that never asked anything', undefined],
])('a connection %s does not keep aifd from ending', async (_what, request) => {
  await using aifd = await spawnServer({ SHUTDOWN_TIMEOUT: '25' });
  using client = await RawClient.open(aifd.url);
  if (request) expect((await client.send(request).response()).status).toBe(200);
  aifd.child.kill('SIGTERM');
  expect((await within(aifd.ended(), 'it ends')).code).toBe(0);
});
