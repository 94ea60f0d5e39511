import { openEntries } from '../../src/gateway/cache/open.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import { openWindows } from '../../src/gateway/limits/windows.ts';
import { openRecording } from '../../src/server/record.ts';
import { startMockUpstream } from '../upstream/main.ts';
import { chatPath, chatRequest, configOf, edge, question, wrongKey } from './samples.ts';
import type { Stage } from './stage.ts';

const say = (line: string): void => console.error(line);

type Ask = (body: string, query?: string, key?: string) => Promise<Uint8Array | undefined>;

/** The whole way of a request, without the server: the mock upstream runs in this process, and its share is in the figures. */
export async function gateway(folder: string): Promise<Stage> {
  const upstream = startMockUpstream();
  const base = `http://127.0.0.1:${upstream.port}`;
  const bare = await start({ OPENAI_BASE_URL: base, LOG_LEVEL: 'warn' });
  const all = await start({
    OPENAI_BASE_URL: base,
    LOG_LEVEL: 'warn',
    DATA_DIR: folder,
    LOG_DIR: folder,
    LOG_CHAT: 'true',
    USAGE: 'true',
    METRICS: 'key',
    REQ_RATE_LIMIT: JSON.stringify({ [chatPath]: '1000000/second' }),
    RATE_LIMIT_STRATEGY: 'moving-window',
    CACHE_CHAT_COMPLETION: 'true',
    CACHE_BACKEND: 'LMDB',
  });
  const [short, stream] = [question(200), question(200, true)];
  let made = 0;
  const distinct = (): string => question(200).replace('sea', `sea ${++made}`);
  await all.ask(short);
  return {
    cases: [
      { name: 'refused by its key', run: () => bare.ask(short, '', wrongKey) },
      { name: 'the mock upstream alone, by fetch', run: () => byFetch(base, short) },
      { name: 'bare, JSON', run: () => bare.ask(short) },
      { name: 'bare, a stream of 50 events', run: () => bare.ask(stream, '?chunks=50') },
      { name: 'everything on, JSON', run: () => all.ask(distinct()) },
      { name: 'everything on, a cache hit', run: () => all.ask(short) },
    ],
    close: async () => {
      await Promise.all([bare.close(), all.close()]);
      upstream.stop();
    },
  };
}

async function start(env: Record<string, string>): Promise<{ ask: Ask; close(): Promise<void> }> {
  const config = configOf(env);
  const windows = await openWindows(config, say);
  const entries = await openEntries(config);
  const { sinks } = await openRecording(config, say, config.usage || config.metrics !== 'off');
  const stores = { ...(windows && { windows }), ...(entries && { entries }) };
  const made = new Gateway(config, console.error, say, stores, sinks);
  const ask: Ask = async (body, query = '', key = undefined) => {
    const answer = await made.handle(chatRequest(body, key, chatPath + query), edge);
    return answer?.bytes();
  };
  return { ask, close: () => made.close() };
}

async function byFetch(base: string, body: string): Promise<Uint8Array> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(base + chatPath, { method: 'POST', headers, body })).bytes();
}
