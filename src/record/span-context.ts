import { randomFillSync } from 'node:crypto';

/** Which span stands for a request in a trace; made before it goes upstream, used when it has ended. */
export interface SpanContext {
  /** 32 hexadecimal digits: the client's trace, or one of our own. */
  readonly traceId: string;
  /** 16 hexadecimal digits: our span. */
  readonly spanId: string;
  /** The client's span, which ours is a child of; undefined when ours is the first. */
  readonly parentId: string | undefined;
  /** Whether it is to be exported: as the client says, else by the ratio. */
  readonly sampled: boolean;
  /** The `traceparent` that goes upstream. */
  readonly header: string;
}

/** Version, trace, span, flags; https://www.w3.org/TR/trace-context/#traceparent-header */
const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const noTrace = '0'.repeat(32);
const noSpan = '0'.repeat(16);

/**
 * Continues the client's trace, or begins one when it sent none that is valid.
 * @param traceparent - as it came
 * @param ratio - share of the traces begun here that are exported, 0 to 1
 */
export function newSpanContext(traceparent: string | undefined, ratio = 1): SpanContext {
  const spanId = randomHex(16);
  const parent = traceparent === undefined ? null : form.exec(traceparent);
  if (parent && isValid(parent)) {
    const traceId = parent[2]!;
    const sampled = (Number.parseInt(parent[4]!, 16) & 1) === 1;
    return { traceId, spanId, parentId: parent[3], sampled, header: headerOf(traceId, spanId, sampled) };
  }
  const traceId = randomHex(32);
  const sampled = ratio >= 1 || Math.random() < ratio;
  return { traceId, spanId, parentId: undefined, sampled, header: headerOf(traceId, spanId, sampled) };
}

function isValid([, version, traceId, spanId, , rest]: RegExpExecArray): boolean {
  // Only later versions may have more fields.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return false;
  return traceId !== noTrace && spanId !== noSpan;
}

function headerOf(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** Random digits are made many at once: to ask for them costs more than to cut them. */
const pool = Buffer.alloc(4096);
let digits = '';
let used = 0;

function randomHex(length: 16 | 32): string {
  if (used + length > digits.length) {
    digits = randomFillSync(pool).toString('hex');
    used = 0;
  }
  const found = digits.slice(used, (used += length));
  // As good as never; but all zeros is no id.
  return found === noTrace || found === noSpan ? randomHex(length) : found;
}
