import { paced } from './limits/pacing.ts';
import type { Exchange } from './exchange.ts';
import { valueOf } from './headers.ts';
import type { StreamingTo } from './upstream/wire/incoming.ts';
import type { Answer } from './upstream/wire/types.ts';

/**
 * The upstream's answer as the client's: status and end-to-end headers as they came, the body as it comes.
 * @param exchange - whose limits' header fields are added, and whose pace is kept
 * @returns undefined when the runtime cannot express it (a status over 599)
 */
export function toResponse(
  { head, body }: Answer,
  { ticket, cache, edge, request }: Exchange,
): Response | undefined {
  const { status, headers, framing } = head;
  let type: string | undefined;
  for (let i = 0; i < headers.length; i++) {
    const name = headers[i]![0];
    // By length first: this runs for every header of every answer.
    if (name.length === 12 && name.toLowerCase() === 'content-type') type = headers[i]![1];
  }
  if (ticket) addFields(headers, ticket.headers);
  const client = (): StreamingTo => ({
    begins: () => edge.liftIdleLimit(request),
    stalls: () => edge.limitStall(request),
    ends: () => edge.restoreIdleLimit(request),
  });
  try {
    if (framing.kind === 'none') return respond(null, status, headers);
    const events = type !== undefined && /^text\/event-stream/i.test(type);
    if (events && ticket && ticket.paceMs > 0 && !isEncoded(headers)) {
      return respond(paced(body, ticket.paceMs, client()), status, headers);
    }
    // Bun gives a buffer without a type one of its own making, a stream none. And a stream of events that is all here
    // already is a stream still, but for a kept one: that has a length.
    const isBuffered = type !== undefined && (!events || cache === 'hit');
    const whole = isBuffered ? body.whole() : undefined;
    return respond(whole ?? body.stream(framing.kind !== 'length', client()), status, headers);
  } catch {
    body.discard();
    return undefined;
  }
}

/** The fields are added one by one: as a list in the constructor they cost twice as much. @throws when one can't be had */
function respond(
  body: Uint8Array | ReadableStream<Uint8Array> | null,
  status: number,
  fields: readonly [string, string][],
): Response {
  const response = status === 200 ? new Response(body) : new Response(body, { status });
  const { headers } = response;
  for (let i = 0; i < fields.length; i++) headers.append(fields[i]![0], fields[i]![1]);
  return response;
}

/** The events of a compressed stream can't be told apart: an upstream that was asked for none may still compress. */
function isEncoded(headers: readonly [string, string][]): boolean {
  return headers.some(([name, value]) => name.toLowerCase() === 'content-encoding' && value !== 'identity');
}

/** Ours stand beside the upstream's; but a number that it gives already is not given twice. */
function addFields(headers: [string, string][], fields: readonly [string, string][]): void {
  const upstreams = headers.length;
  for (const field of fields) {
    const isGiven =
      field[0].startsWith('x-ratelimit-') && valueOf(headers, field[0], upstreams) !== undefined;
    if (!isGiven) headers.push(field);
  }
}
