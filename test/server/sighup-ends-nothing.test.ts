import { expect, test } from 'bun:test';
import { until } from '../support/until.ts';
import { childrenOf, spawnServer } from './spawn.ts';
import { openStream, startStreams, wholeStream } from './streams.ts';

test.each([[{}], [{ WORKERS: '2' }]] as [Record<string, string>][])(
  'a stream goes on, and new requests are taken (%p)',
  async (env) => {
    await using upstream = startStreams();
    await using server = await spawnServer({ ...env, OPENAI_BASE_URL: upstream.url });
    const first = await openStream(server.url);
    const workers = await childrenOf(server.pid);
    expect(workers).toHaveLength(Number(env.WORKERS ?? 0));
    for (const pid of [server.pid, ...workers]) process.kill(pid, 'SIGHUP');
    const said = /aifd: SIGHUP: there is nothing to reload/g;
    await until(() => said.test(server.output.text), 'it says that there is nothing to reload');
    const second = await openStream(server.url);
    upstream.finish();
    expect([await first.rest(), await second.rest()]).toEqual([wholeStream, wholeStream]);
    expect(await childrenOf(server.pid)).toEqual(workers);
    expect(server.output.text.match(said)).toHaveLength(1);
    server.child.kill('SIGTERM');
    expect((await server.ended()).code).toBe(0);
  },
);
