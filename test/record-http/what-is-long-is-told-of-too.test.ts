import { expect, test } from 'bun:test';
import { chat, chatPath, json, jsonType } from '../limits-http/support.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { answerKinds } from './kinds.ts';
import { accessLines, chatLines, startRecorded } from './support.ts';

const asking = (content: string) => chat({ model: 'gpt-test', messages: [{ role: 'user', content }] });

const lineOf = async (logDir: string, id: string) =>
  until(
    async () => (await chatLines(logDir).catch(() => [])).find((line) => line['id'] === id),
    'it is logged',
  );

test('a long question is in the chat log, and its model is known, with no cache and no limits', async () => {
  await using run = await startRecorded({}, answerKinds);
  for (const length of [60_000, 70_000, 1_000_000, 1_500_000]) {
    const content = 'p'.repeat(length);
    const response = await run.ask(chatPath, asking(content));
    const id = response.header('x-request-id')!;
    const asked = await lineOf(run.logDir, id);
    const { model } = await run.access(id);
    expect([length, model, asked['model'], asked['messages'] !== null]).toEqual([
      length,
      'gpt-test',
      'gpt-test',
      true,
    ]);
  }
});

for (const order of ['first', 'last'])
  test(`a request too large to be held is marked, its model is known (${order})`, async () => {
    await using run = await startRecorded({}, async (request) => {
      await request.whole();
      request.answer(200, '{"choices":[{"message":{"content":"seen"}}]}', jsonType);
    });
    const named = { model: 'gpt-test', stream: true };
    const question = { messages: [{ role: 'user', content: 'model": "x'.repeat(10 * 2 ** 17) }] };
    const body = JSON.stringify(order === 'first' ? { ...named, ...question } : { ...question, ...named });
    const response = await run.ask(chatPath, { method: 'POST', headers: [json], body });
    expect(response.status).toBe(200);
    expect(run.upstream.requests[0]!.text === body).toBe(true);
    const id = response.header('x-request-id')!;
    const asked = await lineOf(run.logDir, id);
    const bytes = Buffer.byteLength(body);
    expect(bytes).toBeGreaterThan(8 * 2 ** 20);
    const messages = [{ role: 'truncated', content: `${bytes} bytes` }];
    expect(asked).toMatchObject({ messages, model: 'gpt-test', stream: true, truncated: true, bytes });
    const answered = (await chatLines(run.logDir)).find((line) => line['assistant'] !== undefined);
    expect(answered).toMatchObject({ assistant: 'seen', uid: asked['uid'] });
    expect(await run.access(id)).toMatchObject({ model: 'gpt-test' });
  });

test('the model of a long question is known without a chat log', async () => {
  await using run = await startRecorded({ LOG_CHAT: 'false' }, answerKinds);
  const response = await run.ask(chatPath, asking('p'.repeat(1_000_000)));
  expect(await run.access(response.header('x-request-id')!)).toMatchObject({ model: 'gpt-test' });
});

test('an answer too large to be held leaves the question in the chat log, and is marked', async () => {
  await using run = await startRecorded({}, async (request) => {
    await request.whole();
    request.answer(200, JSON.stringify({ choices: [], filler: 'f'.repeat(9 * 2 ** 20) }), jsonType);
  });
  const response = await run.ask(chatPath, asking('for much'));
  expect(response.body.length).toBeGreaterThan(9 * 2 ** 20);
  const asked = await lineOf(run.logDir, response.header('x-request-id')!);
  expect(asked).toMatchObject({ messages: [{ role: 'user', content: 'for much' }], status: 200 });
  expect(asked).toMatchObject({ answer_truncated: true, answer_bytes: response.body.length });
});

test('a client that leaves while it sends is told of as one that left', async () => {
  await using run = await startRecorded({}, answerKinds);
  const client = await RawClient.open(run.url);
  const whole = requestBytes(chatPath, { method: 'POST', headers: [json], body: 'x'.repeat(10_000) });
  client.send(whole.subarray(0, 500));
  await Bun.sleep(100);
  client.leave();
  const [line] = await until(() => {
    const lines = accessLines(run.aifd.output.text);
    return lines.length > 0 ? lines : undefined;
  }, 'it is told of');
  expect(line).toMatchObject({ status: 499, end: 'left' });
});
