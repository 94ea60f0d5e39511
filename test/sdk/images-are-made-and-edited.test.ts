import { afterAll, expect, test } from 'bun:test';
import { toFile } from 'openai';
import { binary, type Seen, startWay } from './support.ts';

const png = binary(300_000);
/** Answers with the picture that came, or with `png` when none did. */
async function answer({ body, headers, path }: Seen): Promise<Response> {
  let picture = png;
  if (path === '/v1/images/edits') {
    const form = await new Response(body, { headers }).formData();
    picture = new Uint8Array(await (form.get('image') as File).arrayBuffer()).toReversed();
  }
  return Response.json({ created: 1, data: [{ b64_json: Buffer.from(picture).toString('base64') }] });
}
const way = await startWay(answer);
afterAll(way.stop);

const bytesOf = (data: { b64_json?: string }[] | undefined) =>
  new Uint8Array(Buffer.from(data?.[0]?.b64_json ?? '', 'base64'));

test('a big base64 answer is whole', async () => {
  const { data } = await way.client.images.generate({ model: 'gpt-image-1', prompt: 'a fox' });
  expect(bytesOf(data)).toEqual(png);
});

test('a picture goes up, and another comes down', async () => {
  const image = await toFile(png, 'fox.png', { type: 'image/png' });
  const { data } = await way.client.images.edit({ model: 'gpt-image-1', image, prompt: 'a red fox' });
  expect(bytesOf(data)).toEqual(png.toReversed());
});
