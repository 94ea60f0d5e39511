import { expect, test } from 'bun:test';
import { withoutCaching } from '../../src/gateway/caching-field.ts';
import { within } from '../support/until.ts';

/** A source that counts what was asked of it. */
function counted(next: (asked: number) => Uint8Array | Promise<Uint8Array> | Error) {
  const seen = { asked: 0, cancelled: undefined as unknown };
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = next(seen.asked++);
        if (chunk instanceof Error) controller.error(chunk);
        else controller.enqueue(await chunk);
      },
      cancel(reason) {
        seen.cancelled = reason;
      },
    },
    { highWaterMark: 0 },
  );
  return { seen, stream };
}

const piece = Buffer.from(`"${'a'.repeat(1000)}",`);

test('nothing is read before it is asked for', async () => {
  const { seen, stream } = counted((asked) => (asked === 0 ? Buffer.from('{"a":[') : piece));
  const reader = withoutCaching(stream).getReader();
  await Bun.sleep(5);
  expect(seen.asked).toBe(0);
  for (let asked = 1; asked < 50; asked++) {
    await reader.read();
    expect(seen.asked).toBe(asked);
  }
  await reader.cancel();
});

test('what is held back is little, however long the body', async () => {
  let out = 0;
  const { seen, stream } = counted((asked) =>
    asked === 0 ? Buffer.from('{"a":1,') : Buffer.alloc(512, ' '),
  );
  const reader = withoutCaching(stream).getReader();
  while (out < 1e6) out += (await reader.read()).value!.length;
  expect(seen.asked * 512 - out).toBeLessThan(5000);
  await reader.cancel();
});

test('cancel passes through, with its reason', async () => {
  const { seen, stream } = counted(() => Buffer.from('{"a":1,'));
  const reader = withoutCaching(stream).getReader();
  await reader.read();
  const reason = new Error('the client left');
  await reader.cancel(reason);
  expect(seen.cancelled).toBe(reason);
});

test('cancel passes through while a read waits', async () => {
  const never = Promise.withResolvers<Uint8Array>();
  const { seen, stream } = counted(() => never.promise);
  const reader = withoutCaching(stream).getReader();
  const read = reader.read();
  await within(reader.cancel('gone'), 'cancelled');
  expect(seen.cancelled).toBe('gone');
  expect((await within(read, 'read')).done).toBe(true);
  never.resolve(piece);
});

test('a failure passes through', async () => {
  const failure = new Error('cut');
  const { stream } = counted((asked) => (asked === 0 ? Buffer.from('{"a":1,"cach') : failure));
  const reader = withoutCaching(stream).getReader();
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('{"a":1');
  await expect(reader.read()).rejects.toBe(failure);
});

test('empty chunks, which would end a chunked body, are not passed on', async () => {
  const chunks = ['', '{"a":', '', '', '1}', ''].map((text) => Buffer.from(text));
  const out: string[] = [];
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  for await (const chunk of withoutCaching(stream)) out.push(Buffer.from(chunk).toString());
  expect(out).toEqual(['{"a":', '1}']);
});
