import { afterAll, beforeAll, expect, test } from 'bun:test';
import { spawnAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask, RawClient, type RawResponse, requestBytes } from '../support/raw.ts';
import { Dice } from '../support/random.ts';
import { startUpstream, type Upstream, type UpstreamRequest } from '../support/upstream.ts';

const SEED = Number(process.env.AIFD_FUZZ_SEED ?? 20_261_124);
const CASES = 400;

let upstream: Upstream;
let good: Upstream;
let aifd: Awaited<ReturnType<typeof spawnAifd>>;
/** Those of the case that runs. */
let current = new Dice(SEED);

beforeAll(async () => {
  console.log(`seed ${SEED} (AIFD_FUZZ_SEED=${SEED} repeats it)`);
  upstream = await startUpstream((request) => garble(request, current));
  // Another target: what a liar sends late, behind an answer that was over, falls to its own next request.
  good = await startUpstream((request) => request.answer(200, 'good'));
  aifd = await spawnAifd({
    OPENAI_BASE_URL: upstream.url,
    EXTRA_BASE_URL: good.url,
    EXTRA_ROUTE_PREFIX: '/good',
    FIRST_BYTE_TIMEOUT: '0.3',
    IDLE_TIMEOUT: '0.3',
    MAX_RETRIES: '0',
  });
});
afterAll(async () => {
  await aifd[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  await good[Symbol.asyncDispose]();
});

const starts = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200 OK',
  'HTTP/1.1 404 X',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 204 N',
  'HTTP/1.1 304 N',
];
const badStarts = [
  'HTTP/2 200',
  'HTTP/1.1 99 X',
  'HTTP/1.1 999 X',
  'HTTP/1.1 101 S',
  'HTTP/1.1 100 C',
  'hello',
  '',
  'HTTP/1.1',
];
const fields = [
  'Content-Length: 5',
  'Content-Length: 500',
  'Content-Length: -1',
  'Content-Length: 5, 5',
  'Content-Length: x',
];
const moreFields = [
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip',
  'Connection: close',
  'Connection: upgrade',
  'X: y',
];
const oddFields = [
  'Upgrade: websocket',
  'Content-Type: application/json',
  'X-\0: 1',
  'X: \x01',
  ' folded',
  'no colon',
  ': x',
];
const chunks = [
  '5\r\nhello\r\n',
  '5;x=y\r\nhello\r\n',
  '5\r\nhell',
  'zz\r\n',
  'fffffffffffffff\r\n',
  '0\r\n\r\n',
  '0\r\n',
  '5\nhello\n',
];

function answer(dice: Dice): Buffer {
  if (dice.chance(0.1)) return dice.bytes(dice.int(0, 300));
  const lines = [dice.chance(0.75) ? dice.pick(starts) : dice.pick(badStarts)];
  for (let i = dice.int(0, 4); i > 0; i--)
    lines.push(dice.pick([...fields, ...moreFields, ...moreFields, ...oddFields]));
  if (dice.chance(0.03)) lines.push(`X-Long: ${'x'.repeat(dice.pick([20_000, 140_000]))}`);
  const end = dice.chance(0.95) ? '\r\n' : '\n';
  let text = lines.join(end) + end + end;
  for (let i = dice.int(0, 4); i > 0; i--) text += dice.pick(chunks);
  if (dice.chance(0.3)) text += dice.bytes(dice.int(0, 50)).toString('latin1');
  const bytes = Buffer.from(text, 'latin1');
  return dice.chance(0.3) ? bytes.subarray(0, dice.int(0, bytes.length)) : bytes;
}

async function garble(request: UpstreamRequest, dice: Dice): Promise<void> {
  const bytes = answer(dice);
  for (const piece of dice.cut(bytes, dice.pick([2, 30, 100_000]) + bytes.length / 30)) {
    request.send(piece);
    if (dice.chance(0.1)) await Bun.sleep(1);
  }
  const how = dice.pick(['end', 'end', 'die', 'stay'] as const);
  if (how !== 'stay') request[how]();
}

/** The client got what the upstream said, a refusal in shape, or a connection cut in the middle: never a riddle. */
function expectSense(seed: number, response: RawResponse): void {
  if (
    response.header('content-type')?.startsWith('application/json') &&
    response.text.startsWith('{"error"')
  ) {
    const { error } = response.json() as { error: { code: string } };
    const timedOut = error.code === 'upstream_timeout';
    expectRefusal(response, timedOut ? 504 : 502, error.code);
    expect(error.code).toStartWith('upstream_');
    return;
  }
  expect({ seed, known: [200, 204, 304, 404, 999].includes(response.status) }).toEqual({ seed, known: true });
  if (!response.complete) expect(response.connection).not.toBe('open');
}

for (let block = 0; block < 4; block++) {
  test(`${CASES / 4} garbled answers, block ${block}`, async () => {
    for (let i = 0; i < CASES / 4; i++) {
      const seed = SEED + block * 1000 + i;
      const dice = new Dice(seed);
      current = dice;
      const method = dice.pick(['GET', 'POST', 'HEAD']);
      using client = await RawClient.open(aifd.url);
      client.send(requestBytes('/bad', method === 'POST' ? { method, body: 'a' } : { method }));
      const response = await client.response(method).catch((error: unknown) => {
        // Cut so early that not even the head was through: a reset is plain, an orderly close would not be.
        if (client.state !== 'reset') throw new Error(`seed ${seed}`, { cause: error });
      });
      if (response && method !== 'HEAD') expectSense(seed, response);
      const next = await ask(aifd.url, '/good');
      expect({ seed, status: next.status, text: next.text }).toEqual({ seed, status: 200, text: 'good' });
    }
    expect(aifd.child.exitCode).toBeNull();
  }, 40_000);
}
