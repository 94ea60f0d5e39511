import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InternalServerError, type OpenAI } from 'openai';
import { type Call, cached, openaiUpstream, told } from './cache-support.ts';
import { spawnAifd } from '../support/aifd.ts';
import { clientOf, failureOf, forwardKey, realKey, startAifd, startUpstream } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'aifd-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const messages = [{ role: 'user' as const, content: 'hi' }];
const calls: ((client: OpenAI) => Call)[] = [
  ({ chat }) => chat.completions.create({ model: 'tools', messages }),
  ({ chat }) => chat.completions.create({ model: 'unicode', messages, stream: true }),
  ({ embeddings }) => embeddings.create({ model: 'm', input: 'one' }),
  ({ responses }) => responses.create({ model: 'text', input: 'one', stream: true }),
  ({ completions }) => completions.create({ model: 'm', prompt: 'one' }),
];
const env = { ...cached, CACHE_BACKEND: 'LMDB', CACHE_ROOT_PATH_OR_URL: folder };

/** Each twice; the last answer is what stays recorded. */
async function record(upstream: string): Promise<unknown[]> {
  const own = { OPENAI_BASE_URL: upstream, OPENAI_API_KEY: realKey, FORWARD_KEY: forwardKey };
  await using aifd = await spawnAifd({ ...own, ...env, CACHE_MODE: 'record' });
  const client = clientOf(aifd.url.replace(/\/$/, ''));
  const last: unknown[] = [];
  for (const call of [...calls, ...calls]) {
    const { data, cache } = await told(call(client));
    expect(cache).toEndWith('; stored');
    last.push(data);
  }
  // It writes what is not written yet.
  aifd.child.kill('SIGTERM');
  await aifd.child.exited;
  return last.slice(calls.length);
}

const upstream = startUpstream(openaiUpstream());
const recorded = await record(upstream.url);
const asked = upstream.seen.length;
await upstream.stop();
const aifd = await startAifd(upstream.url, { ...env, CACHE_MODE: 'replay' });
afterAll(aifd.stop);

test('the recording asked each time', () => {
  expect(asked).toBe(2 * calls.length);
});

test('each answer comes again, to whoever asks, each time', async () => {
  const clients = [clientOf(aifd.url), clientOf(aifd.url, { organization: undefined, timeout: 5000 })];
  for (const client of [...clients, ...clients]) {
    for (const [index, call] of calls.entries()) {
      const { data, cache } = await told(call(client));
      expect(cache).toBe('aifd; hit');
      expect(data).toStrictEqual(recorded[index]);
    }
  }
});

test('"caching" makes no difference', async () => {
  const body = { model: 'tools', messages, caching: false };
  expect((await told(clientOf(aifd.url).chat.completions.create(body))).data).toStrictEqual(recorded[0]);
});

test.each([{}, { stream: true as const }])(
  "a miss is the SDK's error, at once, and says what was asked, %p",
  async (form) => {
    let requests = 0;
    const client = clientOf(aifd.url, {
      maxRetries: 5,
      fetch: (url, init) => {
        requests++;
        return fetch(url, init);
      },
    });
    const body = { model: 'tools', messages: [{ role: 'user' as const, content: 'not recorded' }], ...form };
    const error = await failureOf(client.chat.completions.create(body));
    expect(error).toBeInstanceOf(InternalServerError);
    expect(error.status).toBe(504);
    expect(error.code).toBe('cache_miss');
    expect(error.message).toContain('not recorded');
    expect(error.message).toContain('the model tools');
    expect(requests).toBe(1);
  },
);

test('a route that is not cached is an error too', async () => {
  const error = await failureOf(clientOf(aifd.url, { maxRetries: 5 }).models.list());
  expect([error.status, error.code]).toEqual([504, 'cache_miss']);
});
