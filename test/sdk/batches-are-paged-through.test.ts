import { afterAll, expect, test } from 'bun:test';
import { type Seen, startWay } from './support.ts';

const batch = (id: string) => ({ id, object: 'batch', status: 'validating' });
const pages: Record<string, string[]> = { '': ['batch_1', 'batch_2'], batch_2: ['batch_3'] };

function answer({ method, path, body }: Seen): Response {
  if (method === 'POST') {
    return path === '/v1/batches'
      ? Response.json({ ...batch('batch_new'), ...(JSON.parse(Buffer.from(body).toString()) as object) })
      : Response.json({ ...batch('batch_1'), status: 'cancelling' });
  }
  const after = new URLSearchParams(path.split('?')[1]).get('after') ?? '';
  const ids = pages[after] ?? [];
  return Response.json({ object: 'list', data: ids.map(batch), has_more: after === '' });
}
const way = await startWay(answer);
afterAll(way.stop);

test('a batch is made and cancelled', async () => {
  const made = await way.client.batches.create({
    input_file_id: 'file-1',
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
    metadata: { who: 'me' },
  });
  expect(made).toMatchObject({ id: 'batch_new', input_file_id: 'file-1', metadata: { who: 'me' } });
  expect((await way.client.batches.cancel('batch_1')).status).toBe('cancelling');
});

test('the list is walked over all its pages', async () => {
  const ids = await Array.fromAsync(way.client.batches.list({ limit: 2 }), ({ id }) => id);
  expect(ids).toEqual(['batch_1', 'batch_2', 'batch_3']);
  expect(way.seen.at(-1)?.path).toBe('/v1/batches?limit=2&after=batch_2');
});
