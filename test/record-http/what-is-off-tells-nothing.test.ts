import { expect, test } from 'bun:test';
import { bearer, chat, chatPath } from '../limits-http/support.ts';
import { ask } from '../support/raw.ts';
import { spawnAifd } from '../support/aifd.ts';
import { startUpstream } from '../support/upstream.ts';
import { answerKinds } from './kinds.ts';
import { accessLines, everythingOn, filesIn, startRecorded } from './support.ts';

test('LOG_LEVEL=warn prints no line for a request, and info does', async () => {
  for (const [level, lines] of [
    ['warn', 0],
    ['error', 0],
    ['info', 1],
    ['debug', 1],
  ] as const) {
    await using run = await startRecorded({ LOG_LEVEL: level }, answerKinds);
    await run.ask(chatPath, chat());
    await run.end();
    expect([level, accessLines(run.aifd.output.text).length]).toEqual([level, lines]);
  }
}, 30_000);

test('METRICS=key opens to a FORWARD_KEY only, and never asks the upstream', async () => {
  await using run = await startRecorded({ METRICS: 'key', FORWARD_KEY: 'fk-0123456789abcdef' });
  expect((await run.ask('/metrics')).status).toBe(401);
  expect((await run.ask('/metrics', { headers: [bearer('fk-other')] })).status).toBe(401);
  expect((await run.ask('/metrics?key=fk-0123456789abcdef')).status).toBe(401);
  const page = await run.ask('/metrics', { headers: [bearer('fk-0123456789abcdef')] });
  expect(page.status).toBe(200);
  expect(page.text).toContain('# TYPE aifd_requests_total counter');
  expect(run.upstream.requests.length).toBe(0);
});

test('with all of it off, /metrics goes upstream, no file is made, and no header is added', async () => {
  await using upstream = await startUpstream();
  const { logDir, dataDir } = everythingOn();
  const env = { LOG_LEVEL: 'warn', OPENAI_BASE_URL: upstream.url, LOG_DIR: logDir, DATA_DIR: dataDir };
  await using aifd = await spawnAifd(env);
  const response = await ask(aifd.url, '/metrics');
  expect([response.status, response.text]).toEqual([200, 'ok']);
  expect(upstream.requests[0]!.target).toBe('/metrics');
  expect(response.header('server-timing')).toBeUndefined();
  expect(filesIn(logDir)).toEqual([]);
  expect(filesIn(dataDir).filter((file) => file.includes('usage'))).toEqual([]);
});
