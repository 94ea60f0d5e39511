import { expect, test } from 'bun:test';
import { accessLines, chatLines, everythingOn, stats, type Told } from '../record-http/support.ts';
import { spawnAifd } from '../support/aifd.ts';
import { until, within } from '../support/until.ts';
import { Client } from './client.ts';
import { create, type Event, eventOf, realtimeCreate, response, usageOf } from './turns.ts';
import { startWebSocketUpstream } from './upstream.ts';

type Answer = (event: Event, send: (event: Event) => void) => unknown;

/** aifd as a process with all that tells of requests, before an upstream that answers events. */
async function startRecording(answer: Answer, env: Record<string, string> = {}) {
  const upstream = startWebSocketUpstream({
    message: (socket, data) =>
      answer(eventOf(data as string), (event) => void socket.send(JSON.stringify(event))),
  });
  const on = everythingOn();
  const aifd = await spawnAifd({
    ...on.env,
    OPENAI_BASE_URL: upstream.url,
    RATE_LIMIT_BACKEND: 'memory',
    TRUSTED_PROXIES: '127.0.0.1',
    ...env,
  });
  return {
    ...on,
    open: (path: string) =>
      Client.open(aifd.url, {
        path,
        headers: { 'x-forwarded-for': '192.0.2.7', authorization: 'Bearer sk-client' },
      }),
    lines: (count: number): Promise<Told[]> =>
      until(() => {
        const lines = accessLines(aifd.output.text);
        return lines.length >= count ? lines : undefined;
      }, `${count} access lines`),
    logged: (count: number): Promise<Told[]> =>
      until(async () => {
        const lines = await chatLines(on.logDir, 'response').catch(() => []);
        return lines.length >= count ? lines : undefined;
      }, `${count} lines of the chat log`),
    used: (): Promise<Told[]> =>
      until(async () => {
        const rows = await stats(on.dataDir, '--last', '9');
        return rows.length > 0 ? rows : undefined;
      }, 'the turns are in stats'),
    metrics: async (): Promise<string> => (await fetch(`${aifd.url}/metrics`)).text(),
    upstream,
    async [Symbol.asyncDispose](): Promise<void> {
      await aifd[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

test('each turn of the Responses API has an access line, a chat log and usage; the connection a line of its own', async () => {
  await using run = await startRecording((_event, send) =>
    response('resp_1', 4000, 1000, 'the answer').forEach(send),
  );
  using client = await run.open('/v1/responses');
  for (const turn of [1, 2]) {
    client.socket.send(create({ input: 'the question' }));
    await client.received(3 * turn);
  }
  client.socket.close(1000);
  const lines = await run.lines(3);
  const same = {
    id: expect.stringMatching(/^req_\w+$/),
    address: '192.0.2.7',
    key: expect.stringMatching(/./),
    path: '/v1/responses',
    end: 'whole',
  };
  const turn = {
    ...same,
    method: 'POST',
    status: 200,
    model: 'gpt-5',
    input_tokens: 4000,
    output_tokens: 1000,
  };
  expect(lines).toEqual([
    expect.objectContaining({ ...turn, turn: 1 }),
    expect.objectContaining({ ...turn, turn: 2 }),
    expect.objectContaining({ ...same, method: 'GET', status: 101, turns: 2 }),
  ]);
  expect(new Set(lines.map(({ id }) => id)).size).toBe(1);
  const logged = await run.logged(4);
  expect(logged[0]).toMatchObject({
    input: 'the question',
    model: 'gpt-5',
    ip: '192.0.2.7',
    id: lines[0]!.id,
  });
  expect(logged[1]).toMatchObject({ assistant: 'the answer', usage: { total_tokens: 5000 } });
  const rows = (await run.used()).filter(({ status }) => status === 200);
  expect(rows).toMatchObject([
    { input: 4000, output: 1000, model: 'gpt-5' },
    { input: 4000, output: 1000, model: 'gpt-5' },
  ]);
});

test('a turn of Realtime is logged with the input since the last one, and what was said as text', async () => {
  const said = {
    id: 'item_2',
    type: 'message',
    role: 'assistant',
    content: [{ type: 'output_audio', transcript: 'good day' }],
  };
  const call = { id: 'item_3', type: 'function_call', name: 'weather', call_id: 'c', arguments: '{}' };
  await using run = await startRecording((event, send) => {
    if (event.type !== 'response.create') return;
    const whole = {
      object: 'realtime.response',
      id: 'resp_9',
      status: 'completed',
      output: [said, call],
      usage: usageOf(50, 20),
    };
    send({ type: 'response.created', response: { id: 'resp_9' } });
    send({ type: 'response.output_audio.delta', response_id: 'resp_9', delta: 'A'.repeat(9000) });
    send({ type: 'response.output_audio_transcript.delta', response_id: 'resp_9', delta: 'good day' });
    send({ type: 'response.done', response: whole });
  });
  using client = await run.open('/v1/realtime?model=gpt-realtime');
  const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hello you' }] };
  client.socket.send(JSON.stringify({ type: 'conversation.item.create', item }));
  client.socket.send(realtimeCreate({ response: { instructions: 'be kind' } }));
  await client.received(4);
  const [asked, answered] = await run.logged(2);
  expect(asked).toMatchObject({ model: 'gpt-realtime', input: [item], instructions: 'be kind' });
  expect(answered).toMatchObject({
    assistant: 'good day',
    output: [said, call],
    usage: { total_tokens: 70 },
  });
  expect(JSON.stringify(answered)).not.toContain('AAAA');
  expect(await run.lines(1)).toMatchObject([
    { path: '/v1/realtime', model: 'gpt-realtime', input_tokens: 50, output_tokens: 20 },
  ]);
});

test("what the user said in Realtime is in the next turn's input, and its transcription counts by itself", async () => {
  await using run = await startRecording((event, send) => {
    if (event.type !== 'input_audio_buffer.commit') return;
    const session = {
      model: 'gpt-realtime',
      audio: { input: { transcription: { model: 'gpt-transcribe' } } },
    };
    send({ type: 'session.updated', session });
    send({ type: 'response.created', response: { id: 'r' } });
    send({
      type: 'conversation.item.input_audio_transcription.completed',
      transcript: 'what I said',
      usage: { type: 'tokens', input_tokens: 14, output_tokens: 3, total_tokens: 17 },
    });
    send({ type: 'response.done', response: { id: 'r', status: 'completed', usage: usageOf(30, 5) } });
  });
  using client = await run.open('/v1/realtime');
  client.socket.send('{"type":"input_audio_buffer.commit"}');
  await client.received(4);
  expect(await run.lines(2)).toMatchObject([
    { model: 'gpt-transcribe', input_tokens: 14, output_tokens: 3, turn: 2 },
    { model: 'gpt-realtime', input_tokens: 30, output_tokens: 5, turn: 1 },
  ]);
  const [asked] = await run.logged(2);
  expect(asked).toMatchObject({ input: [{ role: 'user', content: [{ text: 'what I said' }] }] });
  const [, transcript] = await until(async () => {
    const lines = await chatLines(run.logDir, 'whisper').catch(() => []);
    return lines.length > 1 ? lines : undefined;
  }, 'the transcription is logged');
  expect(transcript).toMatchObject({ text: 'what I said' });
});

test('a turn that waited for its place says how long in the metrics, and not how long its limits took', async () => {
  const finish: (() => void)[] = [];
  await using run = await startRecording(
    (_event, send) => finish.push(() => response('r', 1, 1).forEach(send)),
    { CONCURRENCY_LIMIT: '1', REQ_RATE_LIMIT: '{"/v1":"100/hour"}' },
  );
  using first = await run.open('/v1/responses');
  using second = await run.open('/v1/responses');
  first.socket.send(create());
  await run.upstream.received(1);
  second.socket.send(create());
  // The pong comes once the turn before the ping was taken.
  const pong = new Promise((resolve) => second.socket.addEventListener('pong' as 'open', resolve));
  (second.socket as unknown as { ping(): void }).ping();
  await within(pong, 'the pong comes');
  const waits = async (): Promise<string | undefined> =>
    /aifd_queue_wait_seconds_count\S* (\d+)/.exec(await run.metrics())?.[1];
  finish[0]!();
  await run.upstream.received(2);
  finish[1]!();
  await second.received(3);
  await run.lines(2);
  expect(await waits()).toBe('1');
});

test('a turn of 12 MB goes upstream, and its line in the chat log says how long it was', async () => {
  await using run = await startRecording((_event, send) => response('r', 1, 1).forEach(send));
  using client = await run.open('/v1/responses');
  const asked = create({ input: 'x'.repeat(12_000_000) });
  client.socket.send(asked);
  await client.received(3, 20_000);
  expect(run.upstream.messages[0]).toHaveLength(asked.length);
  const [line, answer] = await run.logged(2);
  expect(line).toMatchObject({ truncated: true, bytes: asked.length });
  expect(answer).toMatchObject({ assistant: 'hi there' });
}, 30_000);

test('a turn that fails, is refused or is cut says so in its line', async () => {
  await using run = await startRecording(
    (event, send) => {
      if (event.input === 'fail')
        send({ type: 'response.failed', response: { id: 'r', status: 'failed', error: { code: 'x' } } });
      else if (event.input === 'fail as Realtime')
        send({
          type: 'response.done',
          response: { id: 'r', status: 'failed', status_details: { error: { code: 'x' } } },
        });
      else if (event.input === 'wrong') send({ type: 'error', status: 404, error: { code: 'nothing' } });
      else send({ type: 'response.created', response: { id: 'r' } });
    },
    { CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '0' },
  );
  using client = await run.open('/v1/responses');
  for (const [i, input] of ['fail', 'fail as Realtime', 'wrong', 'stay', 'refused'].entries()) {
    client.socket.send(create({ input }));
    await client.received(i + 1);
  }
  client.socket.terminate();
  const lines = await run.lines(6);
  const seen = lines.map(({ status, end, code, turn, turns }) => [
    turn ?? `of ${String(turns)}`,
    status,
    end,
    code,
  ]);
  expect(seen.toSorted()).toEqual([
    [1, 200, 'errored', undefined],
    [2, 200, 'errored', undefined],
    [3, 404, 'whole', undefined],
    [4, 200, 'left', undefined],
    [5, 503, 'refused', 'overloaded'],
    ['of 5', 101, 'left', undefined],
  ]);
});
