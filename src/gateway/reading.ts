import { decodeBytes } from '../openai/decode.ts';
import { RequestReading } from '../openai/reading.ts';
import type { Exchange } from './exchange.ts';

/** A coded body is read up to this many decoded bytes: as many as are held of one without a coding. */
const MOST_DECODED = 8 * 1024 * 1024;

/**
 * The reading of a body that is held whole; the same each time. A coded body must have been decoded before, by
 * {@link decodeRequest}.
 * @returns undefined for a body that is not held
 */
export function readingOf(exchange: Exchange): RequestReading | undefined {
  const { body, request } = exchange;
  if (body.kind !== 'bytes') return undefined;
  return (exchange.reading ??= new RequestReading(body.bytes, true, typeOf(request)));
}

/** Decodes the body for its reading, where it is coded and held whole. */
export async function decodeRequest(exchange: Exchange, encoding: string): Promise<void> {
  const { body, request } = exchange;
  if (body.kind !== 'bytes') return;
  const { bytes, problem } = await decodeBytes(encoding, body.bytes, MOST_DECODED);
  const isReadable = problem === undefined || problem === 'too large';
  // Some upstreams ignore the coding that a request names: then the bytes as they are say more.
  exchange.reading = new RequestReading(
    isReadable ? bytes : body.bytes,
    problem === undefined,
    typeOf(request),
  );
}

const typeOf = ({ headers }: Request): string => headers.get('content-type') ?? '';
