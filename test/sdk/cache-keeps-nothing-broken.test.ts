import { afterAll, expect, test } from 'bun:test';
import type { OpenAI } from 'openai';
import { type Call, cached, openaiUpstream, told } from './cache-support.ts';
import { event, failureOf, type Seen, startWay } from './support.ts';

const answer = openaiUpstream();
/** What becomes of the next answer. */
let spoil: ((whole: string) => Response) | undefined;
const way = await startWay(async (seen: Seen) => {
  const response = answer(seen);
  const spoiling = spoil;
  spoil = undefined;
  return spoiling ? spoiling(await response.text()) : response;
}, cached);
afterAll(way.stop);

const stream = { 'content-type': 'text/event-stream; charset=utf-8' };
const json = { 'content-type': 'application/json' };
const error = { error: { message: 'overloaded', type: 'server_error', param: null, code: null } };
const half = (whole: string) => whole.slice(0, whole.indexOf('data:', whole.length / 2));
/** The end of one choice is not told, but that of the stream is. */
function withoutLastEnd(whole: string): string {
  const events = whole.split(/(?<=\n\n)/);
  const last = events.findLastIndex((one) => one.includes('"finish_reason":"stop"'));
  return events.toSpliced(last, 1).join('');
}

const messages = [{ role: 'user' as const, content: 'hi' }];
const chat = (name: string) => ({ model: 'text', messages: [{ role: 'user' as const, content: name }] });
type Case = [name: string, call: (client: OpenAI) => Call, spoil: (whole: string) => Response];
const cases: Case[] = [
  [
    'an error among the events',
    ({ chat: { completions } }) => completions.create({ ...chat('1'), stream: true }),
    (whole) => new Response(half(whole) + event(error) + event('[DONE]'), { headers: stream }),
  ],
  [
    'a stream that ends too soon, as if it were whole',
    ({ chat: { completions } }) => completions.create({ ...chat('2'), stream: true }),
    (whole) => new Response(half(whole), { headers: stream }),
  ],
  // BUG: it is kept; the SDK's accumulator throws `missing finish_reason for choice 0` at each replay.
  [
    'one of two choices that did not end',
    ({ chat: { completions } }) => completions.create({ model: 'two', n: 2, messages, stream: true }),
    (whole) => new Response(withoutLastEnd(whole), { headers: stream }),
  ],
  [
    'a plain error with status 200',
    ({ chat: { completions } }) => completions.create(chat('5')),
    () => Response.json(error),
  ],
  [
    'JSON that is none',
    ({ chat: { completions } }) => completions.create(chat('6')),
    (whole) => new Response(whole.slice(0, -2), { headers: json }),
  ],
  [
    'status 500',
    ({ chat: { completions } }) => completions.create(chat('7')),
    () => Response.json(error, { status: 500 }),
  ],
  [
    'a response that failed',
    ({ responses }) => responses.create({ model: 'text', input: '8' }),
    (whole) =>
      Response.json({
        ...JSON.parse(whole),
        status: 'failed',
        error: { code: 'server_error', message: 'no' },
      }),
  ],
  [
    'a response that never completed',
    ({ responses }) => responses.create({ model: 'text', input: '9', stream: true }),
    (whole) => new Response(whole.slice(0, whole.indexOf('event: response.completed')), { headers: stream }),
  ],
  [
    'embeddings that are an error',
    ({ embeddings }) => embeddings.create({ model: 'm', input: '10' }),
    () => Response.json(error),
  ],
];

test.each(cases)('%s', async (_, call, spoiling) => {
  spoil = spoiling;
  const before = way.seen.length;
  // With some the SDK notices, with others it does not.
  await told(call(way.client)).catch(() => {});
  expect(way.seen.length).toBe(before + 1);
  const second = await told(call(way.client));
  expect(second.cache).toBe('aifd; fwd=uri-miss; stored');
  expect(way.seen.length).toBe(before + 2);
  const third = await told(call(way.client));
  expect(third.cache).toStartWith('aifd; hit');
  expect(third.data).toStrictEqual(second.data);
});

test('an error stays the error it was, each time', async () => {
  const ask = { ...chat('none'), model: 'none' };
  const errors = [
    await failureOf(way.client.chat.completions.create(ask)),
    await failureOf(way.client.chat.completions.create(ask)),
  ];
  expect(errors.map(({ status, code }) => `${status} ${code}`)).toEqual(Array(2).fill('404 model_not_found'));
  expect(errors[1]!.headers?.get('cache-status')).toBe('aifd; fwd=uri-miss');
});
