import { chatChunk, event, type Seen, sse, startUpstream } from '../sdk/support.ts';

/** Errors by the model's name, as OpenAI sends them. */
const errors: Record<string, [status: number, code: string | null, param: string | null]> = {
  e400: [400, 'context_length_exceeded', 'messages'],
  e404: [404, 'model_not_found', 'model'],
  e429: [429, 'rate_limit_exceeded', null],
  e500: [500, 'server_error', null],
};

/** What the demo upstream has not: errors at will, uploads, and a stream that never ends. */
export function startOddUpstream() {
  const left = Promise.withResolvers<void>();
  return startUpstream(async (seen) => {
    if (seen.path === '/v1/files') return upload(seen);
    // Answered when the endless stream's client has left: a client that waits for this has no need of a clock.
    if (seen.path === '/v1/models/left') {
      await left.promise;
      return Response.json({ id: 'left', object: 'model' });
    }
    const { model = '' } = JSON.parse(Buffer.from(seen.body).toString()) as { model?: string };
    const [status, code, param] = errors[model] ?? [];
    if (status !== undefined) {
      const error = { message: `it was ${status}`, type: 'some_error', code, param };
      return Response.json({ error }, { status, headers: { 'x-request-id': `req_${status}` } });
    }
    seen.signal.addEventListener('abort', () => left.resolve());
    return sse([event(chatChunk('one')), ''], (index) =>
      index > 0 ? new Promise(() => {}) : Promise.resolve(),
    );
  });
}

/** The hash of what came is its id. */
async function upload({ body, headers }: Seen): Promise<Response> {
  const form = await new Response(body, { headers }).formData();
  const file = form.get('file') as File;
  const id = new Bun.CryptoHasher('sha256').update(await file.bytes()).digest('hex');
  return Response.json({
    id,
    object: 'file',
    bytes: file.size,
    filename: file.name,
    purpose: form.get('purpose'),
  });
}
