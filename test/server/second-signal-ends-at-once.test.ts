import { expect, test } from 'bun:test';
import { within } from '../support/until.ts';
import { refusesConnections, spawnServer } from './spawn.ts';
import { openStream, startStreams } from './streams.ts';

test.each([
  [['SIGTERM', 'SIGTERM'], {}, 143],
  [['SIGTERM', 'SIGINT'], {}, 130],
  [['SIGTERM', 'SIGTERM'], { WORKERS: '2' }, 143],
] as [NodeJS.Signals[], Record<string, string>, number][])(
  'signals %p %p: the second ends it at once, with a stream open',
  async ([first, second], env, code) => {
    await using upstream = startStreams();
    await using aifd = await spawnServer({ OPENAI_BASE_URL: upstream.url, ...env });
    const stream = await openStream(aifd.url);
    aifd.child.kill(first);
    await refusesConnections(aifd.url);
    aifd.child.kill(second);
    expect(await stream.rest().catch(() => 'cut')).toBe('cut');
    expect((await within(aifd.ended(), 'it ends')).code).toBe(code);
  },
  20_000,
);
