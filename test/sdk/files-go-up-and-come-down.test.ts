import { afterAll, expect, test } from 'bun:test';
import { toFile } from 'openai';
import { binary, type Seen, startWay } from './support.ts';

const stored = new Map<string, File>();
const describe = (id: string, { name, size }: File) => ({ id, object: 'file', bytes: size, filename: name });

async function answer({ method, path, body, headers }: Seen): Promise<Response> {
  if (method === 'POST') {
    const file = (await new Response(body, { headers }).formData()).get('file') as File;
    const id = `file-${stored.size}`;
    stored.set(id, file);
    return Response.json(describe(id, file));
  }
  const [, id = '', content] = /^\/v1\/files\/([^/]+)(\/content)?$/.exec(path) ?? [];
  const file = stored.get(id);
  if (file === undefined) return Response.json({ error: { message: `no ${id}` } }, { status: 404 });
  if (method === 'DELETE') return Response.json({ id, object: 'file', deleted: stored.delete(id) });
  return content ? new Response(file) : Response.json(describe(id, file));
}
const way = await startWay(answer);
afterAll(way.stop);

test('a file is uploaded, found, downloaded and deleted', async () => {
  const { files } = way.client;
  const bytes = binary(1_500_000);
  const { id } = await files.create({ file: await toFile(bytes, 'data.bin'), purpose: 'user_data' });
  expect(await files.retrieve(id)).toMatchObject({ bytes: bytes.length, filename: 'data.bin' });
  const content = await files.content(id);
  expect(Buffer.compare(Buffer.from(await content.arrayBuffer()), bytes)).toBe(0);
  expect(await files.delete(id)).toMatchObject({ id, deleted: true });
  expect(way.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/files',
    'GET /v1/files/file-0',
    'GET /v1/files/file-0/content',
    'DELETE /v1/files/file-0',
  ]);
});
