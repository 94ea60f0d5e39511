import { expect, test } from 'bun:test';
import { ask } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { create, startTurns } from './turns.ts';

const limits = { TOKENS_LIMIT: '{"/v1":"10000/hour"}' };

/** What is left of the limit: a request of a token says it, and is given back. */
async function remaining(url: string): Promise<number> {
  const { message } = await ask(url, '/v1/models');
  return Number(message.headers.find(([name]) => name === 'x-ratelimit-remaining-tokens')?.[1]);
}

const ends = {
  'the client vanishes before the response begins': (client: WebSocket) => client.terminate(),
  'the client closes before the response begins': (client: WebSocket) => client.close(1000),
} as const;

for (const [name, end] of Object.entries(ends)) {
  test(`a turn settles at what was reserved when ${name}`, async () => {
    await using turns = await startTurns(limits, () => {});
    const client = await turns.open();
    client.socket.send(create({ max_output_tokens: 5000 }));
    await turns.upstream.received(1);
    end(client.socket);
    await turns.upstream.end();
    expect(await until(() => remaining(turns.url), 'the limit is known')).toBeLessThanOrEqual(5000);
  });
}

test('a turn that began settles at what was reserved when the client vanishes', async () => {
  await using turns = await startTurns(limits, (_event, send) =>
    send({ type: 'response.created', response: { id: 'r' } }),
  );
  const client = await turns.open();
  client.socket.send(create({ max_output_tokens: 5000 }));
  await client.received(1);
  client.socket.terminate();
  await turns.upstream.end();
  expect(await until(() => remaining(turns.url), 'the limit is known')).toBeLessThanOrEqual(5000);
});

test('a turn without a maximum is taken for a stream: no more than its prompt is owed when the client vanishes', async () => {
  await using turns = await startTurns(limits, () => {});
  const client = await turns.open();
  client.socket.send(create());
  await turns.upstream.received(1);
  client.socket.terminate();
  await turns.upstream.end();
  expect(await until(() => remaining(turns.url), 'the limit is known')).toBeGreaterThan(9_900);
});

test('a turn that the upstream refuses costs nothing', async () => {
  await using turns = await startTurns(limits, (_event, send) =>
    send({ type: 'error', status: 400, error: { code: 'invalid' } }),
  );
  using client = await turns.open();
  client.socket.send(create({ max_output_tokens: 5000 }));
  await client.received(1);
  await until(async () => (await remaining(turns.url)) >= 9_990, 'the tokens come back');
});
