import { expect, test } from 'bun:test';
import {
  answerStream,
  asks,
  askAndKeep,
  chat,
  chatPath,
  doneEvent,
  event,
  events,
  expectHit,
  jsonType,
  numbered,
  settled,
  startCached,
  statusOf,
} from './support.ts';

const usage = `data: ${JSON.stringify({ id: 'chatcmpl-s', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'm', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } })}\n\n`;

const both = () =>
  startCached({}, async (request, index) => {
    await request.whole();
    const { stream, stream_options: options } = JSON.parse(request.text) as {
      stream?: boolean;
      stream_options?: { include_usage?: boolean };
    };
    if (!stream) return request.answer(200, numbered(index), jsonType);
    answerStream(
      request,
      event('one '),
      event('two'),
      event('', 'stop'),
      ...(options?.include_usage ? [usage] : []),
      doneEvent,
    );
  });

test('a kept plain answer comes as a stream to who asks so', async () => {
  await using way = await both();
  await askAndKeep(way);
  const hit = await way.ask(chatPath, chat({ stream: true }));
  expectHit(hit);
  expect(hit.header('content-type')).toMatch(/^text\/event-stream/);
  expect(hit.text).toContain('"content":" 0"');
  expect(hit.text).not.toContain('"usage":{');
  expect(hit.text.endsWith(doneEvent)).toBe(true);
  expect(Number(hit.header('content-length') ?? hit.body.length)).toBe(hit.body.length);
  const counted = await way.ask(chatPath, chat({ stream: true, stream_options: { include_usage: true } }));
  expectHit(counted);
  expect(counted.text).toContain('"total_tokens":3');
  expect(asks(way)).toBe(1);
});

test('a kept stream comes whole to who asks plainly, and event for event to who streams', async () => {
  await using way = await both();
  const first = await askAndKeep(way, chat({ stream: true }));
  const hit = await way.ask(chatPath, chat());
  expectHit(hit);
  expect(hit.header('content-type')).toMatch(/^application\/json/);
  const json = hit.json() as {
    object: string;
    choices: { message: object; finish_reason: string }[];
    usage?: object;
  };
  expect(json.object).toBe('chat.completion');
  expect(json.choices).toMatchObject([
    { message: { role: 'assistant', content: 'one two' }, finish_reason: 'stop' },
  ]);
  expect(json.usage ?? null).toBeNull();
  expect((await way.ask(chatPath, chat({ stream: true }))).text).toBe(first.text);
  expect(asks(way)).toBe(1);
});

test('a stream kept without usage is asked for anew, once, by who wants it', async () => {
  await using way = await both();
  await askAndKeep(way, chat({ stream: true }));
  const wanting = chat({ stream: true, stream_options: { include_usage: true } });
  const second = await way.ask(chatPath, wanting);
  expect(statusOf(second)).toBe('aifd; fwd=uri-miss; stored');
  await settled();
  const third = await way.ask(chatPath, wanting);
  expectHit(third);
  expect(third.text).toBe(second.text);
  const without = await way.ask(chatPath, chat({ stream: true }));
  expectHit(without);
  expect(without.text).toBe(events('one ', 'two'));
  expect((await way.ask(chatPath, chat())).json()).toMatchObject({ usage: { total_tokens: 3 } });
  expect(asks(way)).toBe(2);
});

test('a kept stream keeps the pace that the route has', async () => {
  await using way = await startCached({ TOKEN_RATE_LIMIT: '{"/":"20/second"}' }, async (request) => {
    await request.whole();
    answerStream(request, events(...Array.from({ length: 8 }, (_, i) => `${i}`)));
  });
  const asked = chat({ stream: true });
  const first = await way.ask(chatPath, asked);
  await settled();
  const began = performance.now();
  const hit = await way.ask(chatPath, asked);
  expectHit(hit);
  expect(hit.text).toBe(first.text);
  expect(performance.now() - began).toBeGreaterThan(250);
});

test('a client that leaves a paced hit costs nothing more, and the next is answered', async () => {
  await using way = await startCached(
    { TOKEN_RATE_LIMIT: '{"/":"20/second"}', CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '0' },
    async (request) => {
      await request.whole();
      answerStream(request, events(...Array.from({ length: 40 }, (_, i) => `${i}`)));
    },
  );
  const asked = chat({ stream: true });
  await way.ask(chatPath, asked);
  await settled();
  for (let i = 0; i < 4; i++) {
    const client = await way.begin(chatPath, asked);
    await client.seen('data:');
    client.leave();
    await Bun.sleep(200);
  }
  expectHit(await way.ask(chatPath, asked));
}, 20_000);
