import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { Metrics } from '../../src/record/metrics/metrics.ts';
import { WorkersMetrics } from '../../src/record/metrics/gather.ts';
import { controlFolder, controlSockets } from '../../src/server/control-sockets.ts';
import { type Control, startControl } from '../../src/server/control.ts';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { emptyFolder } from '../support/aifd.ts';
import { happeningWith } from './happening.ts';
import { parseMetrics, sum } from './parse.ts';

/** Some workers in this process, each with its own control socket. */
async function startWorkers(count: number, server = 'here/1', dataDir = emptyFolder()) {
  const workers = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const metrics = new Metrics({ openStreams: () => index });
      const all = new WorkersMetrics(metrics, {
        server,
        sockets: () => controlSockets(dataDir),
        patienceMs: 300,
      });
      return { metrics, all };
    }),
  );
  const store = await openEntryStore('memory', '', { maxSize: 1_000_000 });
  const controls: Control[] = [];
  // One after the other: the first of a process takes the name, the others a random one.
  for (const { all } of workers)
    controls.push(await startControl(dataDir, store, { services: [all.service] }));
  return {
    dataDir,
    workers,
    controls,
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all(controls.map((control) => control.stop()));
      await store.close();
    },
  };
}

test('counters, histograms and gauges are summed, whichever worker is asked', async () => {
  await using server = await startWorkers(4);
  for (const [i, { metrics }] of server.workers.entries()) {
    for (let n = 0; n <= i; n++) metrics.happened(happeningWith({ durationMs: 1_000, model: `m${i}` }));
  }
  for (const { all } of server.workers) {
    const samples = parseMetrics(await all.render());
    expect(sum(samples, 'aifd_requests_total')).toBe(10);
    expect(sum(samples, 'aifd_request_duration_seconds_sum')).toBeCloseTo(10, 9);
    expect(sum(samples, 'aifd_request_duration_seconds_bucket', { le: '1' })).toBe(10);
    expect(sum(samples, 'aifd_open_streams')).toBe(0 + 1 + 2 + 3);
    expect(sum(samples, 'aifd_tokens_total', { model: 'm2', type: 'input' })).toBe(36);
    expect(sum(samples, 'aifd_workers')).toBe(4);
    expect(sum(samples, 'aifd_workers_unanswered')).toBe(0);
    expect(sum(samples, 'process_start_time_seconds')).toBeCloseTo(performance.timeOrigin / 1000, 3);
  }
});

test('another server with the same DATA_DIR is not counted', async () => {
  await using mine = await startWorkers(2);
  await using other = await startWorkers(2, 'here/2', mine.dataDir);
  for (const { metrics } of [...mine.workers, ...other.workers]) metrics.happened(happeningWith());
  const samples = parseMetrics(await mine.workers[0]!.all.render());
  expect(sum(samples, 'aifd_requests_total')).toBe(2);
  expect(sum(samples, 'aifd_workers')).toBe(2);
});

test('a worker that hangs is left out after a moment and counted; one that is dead or talks nonsense is not waited for', async () => {
  await using server = await startWorkers(2);
  const folder = controlFolder(server.dataDir);
  const hanging = Bun.serve({
    unix: join(folder, '77777.sock'),
    fetch: () => new Promise<Response>(() => {}),
  });
  const nonsense = [
    '{',
    'null',
    '[]',
    '{"server":"here/1","id":"x","snapshot":[null]}',
    '{"server":"here/1","id":"y","snapshot":[{"name":"aifd_requests_total","series":[{"labels":[1],"values":["x"]}]}]}',
    '{"server":"here/1","id":"z","snapshot":[{"name":"aifd_requests_total","series":[null]}]}',
    '{"server":"here/1","id":"z","snapshot":[{"name":"nothing","series":[]}]}',
  ].map((text, i) => Bun.serve({ unix: join(folder, `8888${i}.sock`), fetch: () => new Response(text) }));
  const none = Bun.serve({
    unix: join(folder, '99999.sock'),
    fetch: () => new Response('', { status: 404 }),
  });
  await Bun.write(join(folder, '66666.sock'), 'no socket');
  // A socket whose process was killed.
  const dead = Bun.spawn(
    [
      process.execPath,
      '-e',
      `Bun.serve({ unix: ${JSON.stringify(join(folder, '55555.sock'))}, fetch: () => new Response() }); console.log('up')`,
    ],
    { stdout: 'pipe' },
  );
  await dead.stdout.getReader().read();
  dead.kill('SIGKILL');
  await dead.exited;

  for (const { metrics } of server.workers) metrics.happened(happeningWith());
  const started = performance.now();
  const samples = parseMetrics(await server.workers[1]!.all.render());
  expect(performance.now() - started).toBeLessThan(2_000);
  expect(sum(samples, 'aifd_requests_total')).toBe(2);
  expect(sum(samples, 'aifd_workers')).toBe(2);
  // The one that hangs, and the one that is cut off in its word.
  expect(sum(samples, 'aifd_workers_unanswered')).toBe(2);
  await Promise.all([hanging, none, ...nonsense].map((one) => one.stop(true)));
});

test('who asks at the same time is told the same: scrapes do not pile up', async () => {
  let looks = 0;
  const metrics = new Metrics();
  const all = new WorkersMetrics(metrics, { server: 's', sockets: async () => (looks++, []) });
  const texts = await Promise.all(Array.from({ length: 50 }, () => all.render()));
  expect(looks).toBe(1);
  expect(new Set(texts).size).toBe(1);
  await all.render();
  expect(looks).toBe(2);
});

test('without a folder of sockets there is this process', async () => {
  const all = new WorkersMetrics(new Metrics(), {
    server: 's',
    sockets: () => Promise.reject(new Error('EACCES')),
  });
  expect(sum(parseMetrics(await all.render()), 'aifd_workers')).toBe(1);
});
