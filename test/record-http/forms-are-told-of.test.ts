import { expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { parseMetrics, sum } from '../metrics/parse.ts';
import { jsonType } from '../limits-http/support.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { chatLines, startRecorded, stats } from './support.ts';

const boundary = '------------------------d74496d66958873e';

function form(fields: Readonly<Record<string, string>>, file: Uint8Array): Buffer {
  const part = (head: string, body: string | Uint8Array): Buffer[] => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
    Buffer.from(body as string),
    Buffer.from('\r\n'),
  ];
  return Buffer.concat([
    ...part('name="file"; filename="talk.wav"\r\nContent-Type: audio/wav', file),
    ...Object.entries(fields).flatMap(([name, value]) => part(`name="${name}"`, value)),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}

const asked = (body: Uint8Array) => ({
  method: 'POST',
  headers: [`Content-Type: multipart/form-data; boundary=${boundary}`],
  body,
});

const heard = JSON.stringify({
  text: 'what was heard',
  usage: { input_tokens: 14, output_tokens: 5, total_tokens: 19 },
});

for (const [name, size] of [
  ['a short one', 300],
  ['one of megabytes', 9 * 2 ** 20],
] as const)
  test(`a transcription, ${name}`, async () => {
    await using run = await startRecorded({}, async (request) => {
      await request.whole();
      request.answer(200, heard, jsonType);
    });
    const body = form(
      { model: 'whisper-1', language: 'de', prompt: 'Namen', response_format: 'json', temperature: '0.2' },
      randomBytes(size),
    );
    const response = await run.ask('/v1/audio/transcriptions', asked(body));
    expect(response.status).toBe(200);
    const [came] = run.upstream.requests;
    expect(came!.message.body.equals(body)).toBe(true);
    expect(came!.header('content-length')).toBe(String(body.length));
    const id = response.header('x-request-id')!;
    expect(await run.access(id)).toMatchObject({
      model: 'whisper-1',
      input_tokens: 14,
      output_tokens: 5,
      end: 'whole',
    });
    const lines = await until(async () => {
      const found = await chatLines(run.logDir, 'whisper').catch(() => []);
      return found.length === 2 ? found : undefined;
    }, 'it is logged');
    expect(lines[0]).toMatchObject({
      model: 'whisper-1',
      response_format: 'json',
      others: { file: 'talk.wav', language: 'de', prompt: 'Namen', temperature: '0.2' },
    });
    expect(lines[1]).toMatchObject({ text: 'what was heard', uid: lines[0]!['uid'] });
    const samples = parseMetrics(await run.metrics());
    expect(sum(samples, 'aifd_tokens_total', { type: 'output', model: 'whisper-1' })).toBe(5);
    const [row] = await until(async () => {
      const rows = await stats(run.dataDir, '--last', '1');
      return rows.length === 1 ? rows : undefined;
    }, 'usage has it');
    expect(row).toMatchObject({ model: 'whisper-1', input: 14, output: 5 });
  }, 20_000);

test('the model of an image edit is known; an upload passes as it comes', async () => {
  await using run = await startRecorded({}, async (request) => {
    await request.whole();
    request.answer(200, '{"data":[]}', jsonType);
  });
  const body = form({ model: 'gpt-image-1', prompt: 'a cat' }, randomBytes(100_000));
  using client = await RawClient.open(run.url);
  const whole = requestBytes('/v1/images/edits', asked(body));
  client.send(whole.subarray(0, 50_000));
  // It does not wait for the rest.
  const came = await run.upstream.request(0);
  await until(() => came.message.body.length > 40_000, 'the beginning is upstream');
  client.send(whole.subarray(50_000));
  const response = await client.response('POST');
  expect(came.message.body.equals(body)).toBe(true);
  expect(await run.access(response.header('x-request-id')!)).toMatchObject({
    model: 'gpt-image-1',
    end: 'whole',
  });
});
