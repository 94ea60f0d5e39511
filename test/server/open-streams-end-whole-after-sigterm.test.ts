import { expect, test } from 'bun:test';
import { refusesConnections, spawnServer } from './spawn.ts';
import { openStream, startStreams, wholeStream } from './streams.ts';

test.each([
  ['SIGTERM', {}],
  ['SIGINT', {}],
  ['SIGTERM', { WORKERS: '2' }],
] as [NodeJS.Signals, Record<string, string>][])(
  '%s %p: open streams end whole, new connections are refused meanwhile, and it exits with 0',
  async (signal, env) => {
    await using upstream = startStreams();
    await using aifd = await spawnServer({ OPENAI_BASE_URL: upstream.url, ...env });
    const streams = await Promise.all(Array.from({ length: 8 }, () => openStream(aifd.url)));
    aifd.child.kill(signal);
    await refusesConnections(aifd.url);
    expect(aifd.child.exitCode).toBeNull();
    upstream.finish();
    const texts = await Promise.all(streams.map((stream) => stream.rest()));
    expect(texts).toEqual(Array.from({ length: 8 }, () => wholeStream));
    expect((await aifd.ended()).code).toBe(0);
  },
  20_000,
);
