import { expect, test } from 'bun:test';
import { chat, chatPath } from '../limits-http/support.ts';
import { freePort, refusesConnections } from '../server/spawn.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { Client } from '../websocket/client.ts';
import { echo, startWebSocketUpstream } from '../websocket/upstream.ts';
import { startCollector } from '../traces/collector.ts';
import { answerKinds } from './kinds.ts';
import { accessLines, chatLines, startRecorded, stats } from './support.ts';

const wish = (content: string) => chat({ model: 'm', messages: [{ role: 'user', content }] });

for (const kind of ['plain', 'stream', 'gzip'])
  test(`exchanges (${kind}) that ended as SIGTERM came are in every record`, async () => {
    await using run = await startRecorded({}, answerKinds);
    const count = 50;
    const answers = Array.from({ length: count }, (_, index) => run.ask(chatPath, wish(`${kind} ${index}`)));
    await Promise.all(answers);
    await run.end();
    const lines = await chatLines(run.logDir);
    const rows = await stats(run.dataDir, '--last', '1000');
    expect([accessLines(run.aifd.output.text).length, lines.length, rows.length]).toEqual([
      count,
      2 * count,
      count,
    ]);
    expect(rows.every(({ input, output }) => input === 11 && output === 7)).toBe(true);
  });

test('answers still on their way at SIGTERM are told of once they ended', async () => {
  await using run = await startRecorded({}, answerKinds);
  const answers = Array.from({ length: 20 }, (_, index) => run.ask(chatPath, wish(`later ${index}`)));
  await until(() => run.upstream.requests.length === 20, 'all are upstream');
  await run.end();
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(20).fill(200));
  const rows = await stats(run.dataDir, '--last', '100');
  const lines = await chatLines(run.logDir);
  expect([accessLines(run.aifd.output.text).length, lines.length, rows.length]).toEqual([20, 40, 20]);
});

test('what SHUTDOWN_TIMEOUT cuts has an end of its own in every record', async () => {
  await using collector = startCollector();
  await using run = await startRecorded(
    { SHUTDOWN_TIMEOUT: '1', OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    answerKinds,
  );
  using client = await RawClient.open(run.url);
  client.send(requestBytes(chatPath, wish('slow')));
  await client.seen('begun');
  using waiting = await RawClient.open(run.url);
  waiting.send(requestBytes(chatPath, wish('silent')));
  await run.upstream.request(1);
  const leaving = await RawClient.open(run.url);
  leaving.send(requestBytes(chatPath, wish('slow, and left')));
  await leaving.seen('begun');
  leaving.leave();
  await until(() => accessLines(run.aifd.output.text).length === 1, 'it is told of who left');
  await run.end();
  const access = accessLines(run.aifd.output.text);
  const ends = access.map(({ status, end, code }) => `${status} ${end} ${code}`);
  expect(ends.toSorted()).toEqual(['200 left undefined', '200 stopped undefined', '503 stopped stopped']);
  const lines = await chatLines(run.logDir);
  const stopped = lines.filter(({ end }) => end === 'stopped');
  expect(stopped.length).toBe(3);
  expect(stopped.filter(({ assistant }) => assistant === 'begun ').length).toBe(1);
  const rows = await stats(run.dataDir, '--last', '10');
  expect(rows.map(({ end }) => end).toSorted()).toEqual(['left', 'stopped', 'stopped']);
  const [sums] = await stats(run.dataDir);
  expect(sums).toMatchObject({ stopped: 2, left: 1, errors: 2 });
  const spans = collector.spans.map(({ attributes }) => attributes);
  expect(spans.filter((span) => span['aifd.end'] === 'stopped').length).toBe(2);
  expect(spans.filter((span) => span['error.type'] === 'stopped').length).toBe(2);
});

for (const WORKERS of ['', '2'])
  test(`what a second signal cuts is told of (WORKERS=${WORKERS})`, async () => {
    const more: Record<string, string> = WORKERS === '' ? {} : { WORKERS, PORT: String(await freePort()) };
    await using run = await startRecorded(more, answerKinds);
    using client = await RawClient.open(run.url);
    client.send(requestBytes(chatPath, wish('slow')));
    await client.seen('begun');
    using waiting = await RawClient.open(run.url);
    waiting.send(requestBytes(chatPath, wish('silent')));
    await run.upstream.request(1);
    process.kill(run.aifd.pid, 'SIGTERM');
    await refusesConnections(run.url);
    const before = performance.now();
    await run.end();
    expect(performance.now() - before).toBeLessThan(1500);
    const lines = await chatLines(run.logDir);
    expect(lines.map(({ end }) => end)).toEqual(['stopped', 'stopped', 'stopped']);
    expect(lines.some(({ assistant }) => assistant === 'begun ')).toBe(true);
    expect(accessLines(run.aifd.output.text).map(({ end }) => end)).toEqual(['stopped', 'stopped']);
    expect((await stats(run.dataDir, '--last', '10')).length).toBe(2);
  });

test('a WebSocket that the end of aifd closes is told of', async () => {
  await using sockets = startWebSocketUpstream(echo);
  await using run = await startRecorded({ OPENAI_BASE_URL: sockets.url, SHUTDOWN_TIMEOUT: '1' });
  using client = await Client.open(run.url);
  await run.end();
  await client.end();
  const line = expect.objectContaining({ status: 101, end: 'stopped' });
  expect(accessLines(run.aifd.output.text)).toEqual([line]);
  expect((await stats(run.dataDir, '--last', '10')).length).toBe(1);
});
