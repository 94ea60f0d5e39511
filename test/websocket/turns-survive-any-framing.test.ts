import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { Dice } from '../support/random.ts';
import { until } from '../support/until.ts';
import { Client, shakeHands } from './client.ts';
import { clientMask, frame, op } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';
import { create, eventOf, response } from './turns.ts';

const limited = { TOKENS_LIMIT: '{"/v1":"1000/hour"}', RATE_LIMIT_BACKEND: 'memory' };
const refusal = { type: 'error', status: 429, error: { code: 'rate_limit_exceeded' } };

/** A message in fragments of a few bytes, pings among them. */
function fragments(dice: Dice, opcode: number, text: string, mask?: readonly number[]): Buffer {
  const pieces = dice.cut(Buffer.from(text), 40);
  const masked = mask ? { mask } : {};
  const frames: Buffer[] = [];
  for (const [i, piece] of pieces.entries()) {
    const fin = i === pieces.length - 1;
    frames.push(frame(i === 0 ? opcode : op.continuation, piece, { fin, ...masked }));
    if (dice.chance(0.3)) frames.push(frame(op.ping, 'p', masked));
  }
  return Buffer.concat(frames);
}

for (const [kind, opcode] of [
  ['text', op.text],
  ['binary', op.binary],
] as const) {
  test(`a response.create and its usage count in ${kind} messages cut into fragments, with pings between`, async () => {
    const dice = new Dice(3);
    using upstream = await startRawUpstream({
      joined: async (peer) => {
        await until(() => peer.frames.some((each) => each.opcode === opcode), 'the turn is upstream');
        for (const event of response('r', 900, 200))
          peer.socket.write(fragments(dice, opcode, JSON.stringify(event)));
      },
    });
    await using aifd = await startAifd({ ...forwardingTo(upstream.url), ...limited });
    using hands = await shakeHands(aifd.url, '/v1/responses');
    const { raw } = hands;
    for (const piece of dice.cut(fragments(dice, opcode, create(), clientMask), 30)) raw.send(piece);
    await until(() => raw.bytes.includes('response.completed'), 'the response comes');
    raw.send(fragments(dice, opcode, create(), clientMask));
    await until(() => raw.bytes.includes('rate_limit_exceeded'), 'the next turn is refused');
    const peer = await upstream.peer();
    expect(peer.frames.filter((each) => each.opcode === opcode)).toHaveLength(1);
  });
}

test('no compression is offered upstream, where turns are read, though the client offers it', async () => {
  using upstream = await startRawUpstream({});
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), ...limited });
  using hands = await shakeHands(aifd.url, '/v1/responses', ['Sec-WebSocket-Extensions: permessage-deflate']);
  expect(hands.response.status).toBe(101);
  expect(hands.response.header('sec-websocket-extensions')).toBeUndefined();
  expect((await upstream.peer()).header('Sec-WebSocket-Extensions')).toBeUndefined();
});

test('every message of a turn goes on byte for byte, though it is read', async () => {
  const odd =
    '{ "type" :\t"response.output_text.delta", "delta":"\\u00e9\\/\ud83d\ude00", "n": 1.0e2,\n"big":9007199254740993 }';
  using upstream = await startRawUpstream({ joined: (peer) => peer.send(op.text, odd) });
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), ...limited });
  using client = await Client.open(aifd.url, { path: '/v1/responses' });
  const asked = '{"model":"m",\n "input":"\\u00e9", "n":9007199254740993,\t"type":"response.create"}';
  client.socket.send(asked);
  expect(await client.received(1)).toEqual([odd]);
  const peer = await upstream.peer();
  await until(() => peer.frames.length > 0, 'the turn is upstream');
  expect(peer.frames[0]!.payload.toString()).toBe(asked);
});

/** The end of a Realtime response that used so many tokens. */
const done = (id: string, tokens: number) => ({
  type: 'response.done',
  response: {
    id,
    status: 'completed',
    usage: { input_tokens: tokens, output_tokens: 0, total_tokens: tokens },
  },
});

test('responses at once on one connection are told apart by their ids', async () => {
  using upstream = await startRawUpstream({
    joined: async (peer) => {
      const say = (event: unknown) => peer.send(op.text, JSON.stringify(event));
      await until(() => peer.frames.length === 3, 'three turns are upstream');
      for (const id of ['a', 'b', 'c']) say({ type: 'response.created', response: { id } });
      say({ type: 'response.output_text.delta', response_id: 'c', delta: 'x' });
      // The second ends first; the first is still open and holds its place.
      say(done('b', 10));
      await until(() => peer.frames.length === 4, 'a fourth turn has the place');
      say({ type: 'response.created', response: { id: 'd' } });
      for (const [id, tokens] of [
        ['c', 20],
        ['a', 30],
        ['d', 2000],
      ] as const)
        say(done(id, tokens));
    },
  });
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), ...limited, CONCURRENCY_LIMIT: '3' });
  using client = await Client.open(aifd.url, { path: '/v1/realtime' });
  for (let i = 0; i < 4; i++) client.socket.send('{"type":"response.create"}');
  await client.received(9);
  client.socket.send('{"type":"response.create"}');
  await client.received(10);
  expect(eventOf(client.messages[9]!)).toMatchObject(refusal);
});

test('a client that floods behind a turn that waits is held back', async () => {
  using upstream = await startRawUpstream({});
  await using aifd = await startAifd({
    ...forwardingTo(upstream.url),
    CONCURRENCY_LIMIT: '1',
    QUEUE_TIMEOUT: '0',
  });
  using first = await Client.open(aifd.url, { path: '/v1/responses' });
  first.socket.send(create());
  const peer = await upstream.peer();
  await until(() => peer.frames.length > 0, 'the place is taken');
  using second = await shakeHands(aifd.url, '/v1/responses');
  const { socket } = second.raw;
  socket.write(frame(op.text, create(), { mask: clientMask }));
  const message = frame(op.binary, Buffer.alloc(64 * 1024), { mask: clientMask });
  let written = 0;
  // The kernel takes some megabytes, and aifd one; what is written beyond that stays in this process.
  for (; written < 4000 && socket.writableLength < 16 * 1024 * 1024; written++) {
    socket.write(message);
    await Bun.sleep(0);
  }
  expect(written).toBeLessThan(4000);
  peer.send(op.text, JSON.stringify(response('r', 1, 1)[2]));
  await until(() => (upstream.peers[1]?.frames.length ?? 0) === written + 1, 'all of it is upstream', 20_000);
  expect(upstream.peers[1]!.frames[0]!.payload.toString()).toBe(create());
}, 30_000);
