import type { Answer } from './upstream/wire/types.ts';

/**
 * The upstream's answer as the client's: status and end-to-end headers as they came, the body as it comes.
 * @param id - our request id, for an answer that has none
 * @returns undefined when the runtime cannot express it (a status over 599)
 */
export function toResponse({ head, body }: Answer, id: () => string): Response | undefined {
  const { status, headers, framing } = head;
  let hasId = false;
  let hasType = false;
  for (const [name] of headers) {
    // By length first: this runs for every header of every answer.
    if (name.length === 12 && name.toLowerCase() === 'x-request-id') hasId = true;
    if (name.length === 12 && name.toLowerCase() === 'content-type') hasType = true;
  }
  if (!hasId) headers.push(['x-request-id', id()]);
  try {
    if (framing.kind === 'none') return new Response(null, { status, headers });
    // Bun gives a buffer without a type one of its own making, a stream none.
    const whole = hasType ? body.whole() : undefined;
    return new Response(whole ?? body.stream(), { status, headers });
  } catch {
    body.discard();
    return undefined;
  }
}
