import { type CollectedSpan, readSpans } from './protobuf.ts';

/** A collector that takes OTLP over HTTP, in protobuf, on a port of its own. */
export function startCollector(answer: () => Response = () => new Response()) {
  const spans: CollectedSpan[] = [];
  const requests: { path: string; headers: Headers; bytes: number }[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const body = new Uint8Array(await request.arrayBuffer());
      requests.push({ path: new URL(request.url).pathname, headers: request.headers, bytes: body.length });
      const response = answer();
      if (response.ok) spans.push(...readSpans(body));
      return response;
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    spans,
    requests,
    stop: () => server.stop(true),
    async [Symbol.asyncDispose](): Promise<void> {
      await server.stop(true);
    },
  };
}
