import { expect, test } from 'bun:test';
import { refusesConnections, spawnServer } from './spawn.ts';
import { openStream, startStreams, wholeStream } from './streams.ts';

// `bun run start` passes a Ctrl-C on that the terminal has sent to all of its group.
test.each([{}, { WORKERS: '2' }] as Record<string, string>[])(
  'a SIGINT that comes twice lets streams end whole: %p',
  async (env) => {
    await using upstream = startStreams();
    await using aifd = await spawnServer({ OPENAI_BASE_URL: upstream.url, ...env });
    const stream = await openStream(aifd.url);
    aifd.child.kill('SIGINT');
    await Bun.sleep(20);
    aifd.child.kill('SIGINT');
    await refusesConnections(aifd.url);
    expect(aifd.child.exitCode).toBeNull();
    upstream.finish();
    expect(await stream.rest()).toBe(wholeStream);
    expect((await aifd.ended()).code).toBe(0);
  },
  20_000,
);

test('a second Ctrl-C later ends it at once', async () => {
  await using upstream = startStreams();
  await using aifd = await spawnServer({ OPENAI_BASE_URL: upstream.url });
  const stream = await openStream(aifd.url);
  aifd.child.kill('SIGINT');
  await Bun.sleep(400);
  aifd.child.kill('SIGINT');
  expect(await stream.rest().catch(() => 'cut')).toBe('cut');
  expect((await aifd.ended()).code).toBe(130);
}, 20_000);
