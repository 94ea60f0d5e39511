import { expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect } from 'node:net';
import { requestBytes } from '../support/raw.ts';
import { chat, chatPath, sseType } from './support.ts';
import { spawnBefore, startNumbered } from './store-support.ts';

const MiB = 2 ** 20;
const size = 300 * MiB;

/** Reads an answer without holding it. @returns bytes after its head */
async function drained(url: string, body: Record<string, unknown>): Promise<number> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(requestBytes(chatPath, chat(body)));
  let bytes = 0;
  for await (const piece of socket) {
    bytes += (piece as Buffer).length;
    if (bytes >= size) break;
  }
  socket.destroy();
  return bytes;
}

for (const kind of ['json', 'stream'] as const) {
  for (const readers of [1, 2]) {
    test(`300 MB through a cached route, as ${kind}, for ${readers}`, async () => {
      const piece = Buffer.from(`data: ${'x'.repeat(MiB - 8)}\n\n`);
      await using upstream = await startNumbered(async (request) => {
        await request.whole();
        const type = kind === 'json' ? 'Content-Type: application/json' : sseType;
        await Bun.sleep(200);
        request.send(`HTTP/1.1 200 OK\r\n${type}\r\nContent-Length: ${size}\r\n\r\n`);
        for (let sent = 0; sent < size; sent += piece.length) {
          if (!request.socket.write(piece)) await once(request.socket, 'drain').catch(() => {});
        }
      });
      await using aifd = await spawnBefore(upstream, { CACHE_CHAT_COMPLETION: 'true', MAX_RETRIES: '0' });
      const before = await aifd.aifd.peakMemory();
      const all = await Promise.all(
        Array.from({ length: readers }, () => drained(aifd.aifd.url, { stream: kind === 'stream' })),
      );
      for (const bytes of all) expect(bytes).toBeGreaterThanOrEqual(size);
      expect(upstream.requests).toHaveLength(1);
      const grown = (await aifd.aifd.peakMemory()) - before;
      console.log(`${kind} ${readers}: grew by ${Math.round(grown / MiB)} MiB`);
      expect(grown).toBeLessThan(120 * MiB);
    }, 60_000);
  }
}
