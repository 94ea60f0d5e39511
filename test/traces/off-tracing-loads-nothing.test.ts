import { expect, test } from 'bun:test';
import { join } from 'node:path';

test('what is imported at start does not load the SDK, nor the metrics the client library', async () => {
  const folder = join(import.meta.dir, '../../src/record');
  const modules = [
    'traces/traces.ts',
    'span-context.ts',
    'metrics/metrics.ts',
    'metrics/gather.ts',
    '../server/metrics-page.ts',
    'access/access-line-sink.ts',
  ];
  const script = `
    for (const path of ${JSON.stringify(modules.map((path) => join(folder, path)))}) await import(path);
    const loaded = () => Object.keys(require.cache).filter((path) => /opentelemetry|prom-client/.test(path)).length;
    const before = loaded();
    const { openTraces } = await import(${JSON.stringify(join(folder, 'traces/traces.ts'))});
    const traces = await openTraces({ endpoint: 'http://127.0.0.1:9', say() {} });
    await traces.close();
    console.log(JSON.stringify({ before, isLoadedLate: loaded() > 0 }));
  `;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'pipe' });
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect(error).toBe('');
  expect(JSON.parse(out)).toEqual({ before: 0, isLoadedLate: true });
});
