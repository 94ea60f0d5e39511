import { expect, test } from 'bun:test';
import type { Server } from 'bun';
import { load } from '../../src/config/load.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import type { Sink } from '../../src/record/happening.ts';
import { createApp } from '../../src/server/app.ts';
import { emptyFolder, forwardingTo } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

/** A sink that reads answers as they come; `wants` says which of them. */
function viewer(wants: (id: string) => boolean = () => true) {
  const seen: string[] = [];
  const sink: Sink = {
    answering: ({ id }) => {
      if (!wants(id)) return undefined;
      return { chunk: (piece) => void seen.push(Buffer.from(piece).toString()) };
    },
    happened() {},
  };
  return { seen, sink };
}

test('each of several live viewers gets the answer as it passes, and only those that want it', async () => {
  await using upstream = await startUpstream((request) =>
    request.answer(200, 'data: {"a":1}\n\n', ['Content-Type: text/event-stream']),
  );
  const viewers = [viewer(), viewer(() => false), viewer()];
  const env = { ...forwardingTo(upstream.url), LOG_LEVEL: 'error' };
  const { config } = load({ flags: {}, env, cwd: emptyFolder() });
  const sinks = viewers.map(({ sink }) => sink);
  const gateway = new Gateway(config, console.error, () => {}, {}, sinks);
  const app = createApp(gateway).listen({ hostname: '127.0.0.1', port: 0 });
  const server = app.server as Server<unknown>;
  try {
    await ask(`http://127.0.0.1:${server.port}`, '/v1/chat/completions', { method: 'POST', body: '{}' });
    expect(viewers.map(({ seen }) => seen.join(''))).toEqual(['data: {"a":1}\n\n', '', 'data: {"a":1}\n\n']);
  } finally {
    server.stop(true);
    await gateway.close();
  }
});
