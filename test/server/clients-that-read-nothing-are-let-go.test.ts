import { test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';
import { within } from '../support/until.ts';

const none: Record<string, string> = {};

test.each([none, { TOKEN_RATE_LIMIT: '{"/": "100000/second"}' }])(
  'a client that reads nothing of a stream without end does not hold its connections for ever (%j)',
  async (env) => {
    const asked = Promise.withResolvers<UpstreamRequest>();
    await using upstream = await startUpstream((request) => {
      request.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
      const events = 'data: x\n\n'.repeat(5000);
      const sendMore = () => {
        while (request.socket.writable && request.socket.write(events));
      };
      request.socket.on('drain', sendMore).on('error', () => {});
      sendMore();
      asked.resolve(request);
    });
    await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, ...env }, 1);
    using client = await RawClient.open(aifd.url);
    client.socket.pause();
    client.send(requestBytes('/v1/stream'));
    const request = await asked.promise;
    // The runtime looks every 4 s.
    await within(request.gone, 'the upstream is let go', 20_000);
  },
  30_000,
);
