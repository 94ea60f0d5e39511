import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { Client } from './client.ts';
import { clientMask, closing, frame, op } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';

const MiB = 1024 * 1024;
const half = (size: number): Buffer => Buffer.alloc(size, 'x');

/** What is wrong, its bytes, and the code that the upstream is told. */
const bad: [string, Buffer, number][] = [
  ['masked', frame(op.text, 'x', { mask: clientMask }), 1002],
  ['rsv1', frame(op.text, 'x', { rsv: 4 }), 1002],
  ['rsv3', frame(op.text, 'x', { rsv: 1 }), 1002],
  ['reserved opcode 3', frame(3, 'x'), 1002],
  ['reserved opcode 11', frame(11, 'x'), 1002],
  ['a long ping', frame(op.ping, half(126)), 1002],
  ['a ping in fragments', frame(op.ping, 'x', { fin: false }), 1002],
  ['a continuation of nothing', frame(op.continuation, 'x'), 1002],
  ['a text inside a text', Buffer.concat([frame(op.text, 'x', { fin: false }), frame(op.text, 'y')]), 1002],
  ['17 MB in one', frame(op.binary, half(17 * MiB)), 1009],
  ['17 MB announced', frame(op.binary, '', { length: 17 * MiB }), 1009],
  ['2^63 announced', Buffer.from('827fffffffffffffffff', 'hex'), 1009],
  [
    '17 MB in fragments',
    Buffer.concat([frame(op.binary, half(9 * MiB), { fin: false }), frame(op.continuation, half(8 * MiB))]),
    1009,
  ],
  ['text that is not UTF-8', frame(op.text, Buffer.from('c328', 'hex')), 1007],
  ['text that ends in mid-character', frame(op.text, Buffer.from('e4b8', 'hex')), 1007],
  ['a lone surrogate', frame(op.text, Buffer.from('eda080', 'hex')), 1007],
  ['a close of one byte', frame(op.close, 'x'), 1002],
  ['a close with code 1005', frame(op.close, closing(1005)), 1002],
  ['a close with code 999', frame(op.close, closing(999)), 1002],
  ['a close with code 1015', frame(op.close, closing(1015)), 1002],
  ['a close whose reason is not UTF-8', frame(op.close, Buffer.from('03e8c328', 'hex')), 1007],
  ['noise', Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), 1002],
];

test.each(bad)('%s ends both sides, and the next socket is served', async (what, bytes, code) => {
  let first = true;
  using upstream = await startRawUpstream({
    joined: ({ socket }) => {
      socket.write(first ? bytes : frame(op.text, 'fine'));
      first = false;
    },
  });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url);
  expect(await client.end()).not.toMatchObject({ code: 1000 });
  expect(client.messages).toEqual([]);
  const peer = await upstream.peer();
  await until(
    () => peer.closed || peer.frames.some(({ opcode }) => opcode === op.close),
    'the upstream is told',
  );
  if (!what.startsWith('a close')) expect(peer.frames[0]?.payload.readUInt16BE(0)).toBe(code);
  peer.socket.destroy();
  using next = await Client.open(aifd.url);
  expect(await next.received(1)).toEqual(['fine']);
});

test('a message of a million empty fragments is one message', async () => {
  // Two zero bytes are an empty fragment.
  const flood = Buffer.alloc(2 * MiB);
  using upstream = await startRawUpstream({
    joined: ({ socket }) => {
      socket.write(frame(op.binary, '', { fin: false }));
      socket.write(flood);
      socket.write(frame(op.continuation, 'end'));
    },
  });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url);
  const [got] = await client.received(1);
  expect(got!.toString()).toBe('end');
});
