/** One field of a message: a number, or bytes that may be a message again. */
type Field = bigint | Uint8Array;

/** The fields of a protobuf message, by number; each may be there several times. */
export function readMessage(bytes: Uint8Array): Map<number, Field[]> {
  const fields = new Map<number, Field[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    let value: Field;
    if ((tag & 7) === 0) value = varint();
    else if ((tag & 7) === 1) value = view.getBigUint64((at += 8) - 8, true);
    else if ((tag & 7) === 5) value = BigInt(view.getUint32((at += 4) - 4, true));
    else {
      const length = Number(varint());
      value = bytes.subarray(at, (at += length));
    }
    const number = tag >> 3;
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

const messages = (fields: Map<number, Field[]>, number: number): Map<number, Field[]>[] =>
  (fields.get(number) ?? []).map((field) => readMessage(field as Uint8Array));
const text = (field: Field | undefined): string => new TextDecoder().decode(field as Uint8Array | undefined);
const hex = (field: Field | undefined): string => Buffer.from((field ?? []) as Uint8Array).toString('hex');

/** A span as a collector gets it. */
export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  startNano: bigint;
  endNano: bigint;
  attributes: Record<string, unknown>;
  statusCode: number;
  resource: Record<string, unknown>;
}

/** Reads an `ExportTraceServiceRequest` of OTLP; field numbers are those of its `.proto`. */
export function readSpans(body: Uint8Array): CollectedSpan[] {
  return messages(readMessage(body), 1).flatMap((resourceSpans) => {
    const resource = attributesIn(messages(resourceSpans, 1)[0] ?? new Map(), 1);
    const spans = messages(resourceSpans, 2).flatMap((scopeSpans) => messages(scopeSpans, 2));
    return spans.map((span) => Object.assign(spanOf(span), { resource }));
  });
}

function spanOf(span: Map<number, Field[]>): Omit<CollectedSpan, 'resource'> {
  const one = (number: number): Field | undefined => span.get(number)?.[0];
  return {
    traceId: hex(one(1)),
    spanId: hex(one(2)),
    parentSpanId: hex(one(4)),
    name: text(one(5)),
    kind: Number(one(6) ?? 0n),
    startNano: one(7) as bigint,
    endNano: one(8) as bigint,
    attributes: attributesIn(span, 9),
    statusCode: Number(messages(span, 15)[0]?.get(3)?.[0] ?? 0n),
  };
}

function attributesIn(message: Map<number, Field[]>, number: number): Record<string, unknown> {
  const pairs = messages(message, number).map((pair) => {
    const value = messages(pair, 2)[0]!;
    return [text(pair.get(1)?.[0]), valueOf(value)];
  });
  return Object.fromEntries(pairs);
}

function valueOf(value: Map<number, Field[]>): unknown {
  for (const [number, [field]] of value) {
    if (number === 1) return text(field);
    if (number === 2) return field === 1n;
    if (number === 3) return Number(BigInt.asIntN(64, field as bigint));
    if (number === 4) return new Float64Array(BigUint64Array.of(field as bigint).buffer)[0];
  }
  return undefined;
}
