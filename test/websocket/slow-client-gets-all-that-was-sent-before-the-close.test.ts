import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { joinPaused } from './flood.ts';
import { closing, op, takeFrame } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';

const payload = Buffer.alloc(64 * 1024, 'x');

test.each([
  ['ends its connection at once', true],
  ['waits for the answer to its close', false],
])(
  'an upstream that sends 16 MB, closes with 4001 and %s: a slow client gets all of it',
  async (_how, endsAtOnce) => {
    const begin = Promise.withResolvers<void>();
    using upstream = await startRawUpstream({
      joined: async (peer) => {
        await begin.promise;
        for (let i = 0; i < 256; i++) peer.send(op.binary, payload);
        peer.send(op.close, closing(4001, 'done'));
        if (endsAtOnce) peer.socket.end();
      },
    });
    await using aifd = await startAifd(forwardingTo(upstream.url));
    const client = await joinPaused(aifd.url);
    const peer = await upstream.peer();
    begin.resolve();
    await until(() => peer.socket.bytesWritten > 1_000_000, 'it sends');
    // All that aifd takes while the client does not read has been taken.
    for (let last = -1; last !== peer.socket.writableLength; last = peer.socket.writableLength)
      await Bun.sleep(100);
    const pieces: Buffer[] = [];
    let ended = false;
    client.on('data', (bytes: Buffer) => pieces.push(bytes));
    client.on('close', () => (ended = true));
    client.on('end', () => (ended = true));
    client.resume();
    await until(() => ended, 'the connection ends', 10_000);
    let rest: Buffer = Buffer.concat(pieces);
    const frames = [];
    for (let next = takeFrame(rest); next; next = takeFrame(rest)) {
      frames.push(next.frame);
      rest = next.rest;
    }
    expect(frames.filter(({ opcode }) => opcode === op.binary)).toHaveLength(256);
    expect(frames.at(-1)).toMatchObject({ opcode: op.close, payload: closing(4001, 'done') });
    client.destroy();
  },
);
