import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { AccessLog } from '../../src/record/access/access-line-sink.ts';
import { ChatLog, type LineWriter } from '../../src/record/chatlog/sink.ts';
import type { Happening, Sink } from '../../src/record/happening.ts';
import { LogFiles } from '../../src/record/logfile/writer.ts';
import { Metrics } from '../../src/record/metrics/metrics.ts';
import { openUsage } from '../../src/record/usage/usage-sink.ts';
import { configOf, plainAnswer, question, streamedAnswer } from './samples.ts';
import { inOneTurn, type Stage } from './stage.ts';

/** As many as a busy server tells of in one turn of its event loop. */
const per = 32;
const say = (line: string): void => console.error(line);
const nowhere: LineWriter = { write() {}, close: async () => {} };

/** One exchange told to each of the sinks. */
export function record(folder: string): Stage {
  const options = { format: 'python', keys: [], redact: [] } as const;
  const files = new LogFiles({ folder: join(folder, 'logs'), maxSize: 2 ** 26, keep: { files: 1 }, say });
  const { usageKeep, prices } = configOf();
  const descriptor = openSync('/dev/null', 'w');
  const lines = new ChatLog(nowhere, options);
  const sinks = {
    access: new AccessLog({ format: 'text', descriptor }),
    chat: new ChatLog(files, options),
    usage: openUsage({ dataDir: folder, usageKeep, prices }, say),
    metrics: new Metrics(),
  };
  const plain = happening('application/json', plainAnswer);
  const stream = happening('text/event-stream', streamedAnswer(50).join(''));
  const telling = (sink: Sink, what: Happening) => () => inOneTurn(per, () => sink.happened(what));
  return {
    cases: [
      { name: 'chat log, a plain answer as lines', run: () => lines.happened(plain) },
      { name: 'chat log, a stream of 54 events as lines', run: () => lines.happened(stream) },
      { name: 'chat log, a plain answer to its file', run: telling(sinks.chat, plain), per },
      { name: 'usage', run: telling(sinks.usage, plain), per },
      { name: 'metrics', run: () => sinks.metrics.happened(plain) },
      { name: 'access line', run: telling(sinks.access, plain), per },
    ],
    close: async () => {
      await Promise.all([sinks.access.close(), sinks.chat.close(), sinks.usage.close()]);
      closeSync(descriptor);
    },
  };
}

function happening(contentType: string, answer: string): Happening {
  return {
    id: 'req-0123456789',
    at: Date.UTC(2026, 10, 23, 12),
    method: 'POST',
    path: '/v1/chat/completions',
    route: '/v1/chat/completions',
    family: 'chat',
    prefix: '/',
    target: 'api.openai.com',
    user: 'k:0123456789abcdefghijkl',
    address: '192.0.2.7',
    model: 'gpt-4o-mini',
    stream: contentType !== 'application/json',
    status: 200,
    end: 'whole',
    code: undefined,
    durationMs: 120.5,
    firstByteMs: 120,
    upstreamMs: 119,
    queueMs: 0,
    overheadMs: 0.4,
    attempts: 1,
    cache: undefined,
    usage: { input: 60, output: 120, cached: undefined, reasoning: undefined, reported: true },
    bytesIn: 200,
    bytesOut: answer.length,
    request: Buffer.from(question(200)),
    answer: { contentType, encoding: '', body: Buffer.from(answer), whole: true },
    traceparent: undefined,
  };
}
