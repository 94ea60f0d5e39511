import { paced } from './limits/pacing.ts';
import type { Ticket } from './limits/ticket.ts';
import type { Answer } from './upstream/wire/types.ts';

/**
 * The upstream's answer as the client's: status and end-to-end headers as they came, the body as it comes.
 * @param id - our request id, for an answer that has none
 * @param ticket - whose header fields are added, and whose pace is kept
 * @returns undefined when the runtime cannot express it (a status over 599)
 */
export function toResponse(
  { head, body }: Answer,
  id: () => string,
  ticket: Ticket | undefined,
): Response | undefined {
  const { status, headers, framing } = head;
  let hasId = false;
  let hasType = false;
  for (const [name] of headers) {
    // By length first: this runs for every header of every answer.
    if (name.length === 12 && name.toLowerCase() === 'x-request-id') hasId = true;
    if (name.length === 12 && name.toLowerCase() === 'content-type') hasType = true;
  }
  if (!hasId) headers.push(['x-request-id', id()]);
  if (ticket) addFields(headers, ticket.headers);
  try {
    if (framing.kind === 'none') return new Response(null, { status, headers });
    if (ticket && ticket.paceMs > 0 && isEventStream(headers)) {
      return new Response(paced(body, ticket.paceMs), { status, headers });
    }
    // Bun gives a buffer without a type one of its own making, a stream none.
    const whole = hasType ? body.whole() : undefined;
    return new Response(whole ?? body.stream(), { status, headers });
  } catch {
    body.discard();
    return undefined;
  }
}

/** Events can be told apart in an answer that is not compressed, though it was asked not to be. */
function isEventStream(headers: readonly [string, string][]): boolean {
  if (headers.some(([name, value]) => name.toLowerCase() === 'content-encoding' && value !== 'identity'))
    return false;
  return headers.some(
    ([name, value]) => name.toLowerCase() === 'content-type' && /^text\/event-stream/i.test(value),
  );
}

/** Ours stand beside the upstream's; but a number that it gives already is not given twice. */
function addFields(headers: [string, string][], fields: readonly [string, string][]): void {
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  for (const [name, value] of fields) {
    if (!name.startsWith('x-ratelimit-') || !given.has(name)) headers.push([name, value]);
  }
}
