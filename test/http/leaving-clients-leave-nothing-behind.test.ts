import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { ask, RawClient, requestBytes } from '../support/raw.ts';
import { Dice } from '../support/random.ts';
import { startUpstream } from '../support/upstream.ts';
import { until } from '../support/until.ts';

test('300 clients that leave at any moment leave no request behind, and harm no other', async () => {
  const open = new Set<unknown>();
  await using upstream = await startUpstream(async (request) => {
    open.add(request);
    void request.gone.then(() => open.delete(request));
    await request.whole();
    request.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (let i = 0; i < 10 && !request.socket.destroyed; i++) {
      request.send('5\r\nhello\r\n');
      await Bun.sleep(2);
    }
    request.send('0\r\n\r\n');
    open.delete(request);
  });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  const dice = new Dice(5);
  const leave = async (): Promise<void> => {
    using client = await RawClient.open(aifd.url);
    const bytes = requestBytes('/x', { method: 'POST', body: 'x'.repeat(dice.pick([10, 1000, 100_000])) });
    const part = dice.chance(0.3) ? dice.int(1, bytes.length) : bytes.length;
    client.send(bytes.subarray(0, part));
    await Bun.sleep(dice.int(0, 40));
    if (dice.chance(0.5)) client.socket.resetAndDestroy();
    else client.leave();
  };
  const stay = async (): Promise<void> => {
    const response = await ask(aifd.url, '/y', { method: 'POST', body: 'y' });
    expect([response.complete, response.text]).toEqual([true, 'hello'.repeat(10)]);
  };
  for (let round = 0; round < 6; round++) {
    await Promise.all([...Array.from({ length: 50 }, leave), ...Array.from({ length: 10 }, stay)]);
  }
  await until(() => open.size === 0, 'no request is left upstream', 2000);
  await stay();
}, 20_000);
