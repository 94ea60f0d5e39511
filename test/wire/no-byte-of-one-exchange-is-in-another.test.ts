import { expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { RawClient } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { marked, plan, type Plan } from './plan.ts';
import { ModelUpstream } from './upstream.ts';

const EXCHANGES = Number(process.env.EXCHANGES ?? 3000);
const SEED = Number(process.env.AIFD_FUZZ_SEED ?? Date.now() % 1_000_000_000);
/** Few, so that connections are used again and again. */
const CLIENTS = 8;

/** The request in the pieces in which the client sends it. */
function pieces(its: Plan): Buffer[] {
  const { id, method, streamed, chunked, requestBytes } = its;
  const type = streamed ? 'application/octet-stream' : 'text/plain';
  const lines = [`${method} /v1/e/${id} HTTP/1.1`, 'Host: aifd.test', `X-Exchange: ${id}`];
  if (method !== 'POST') return [Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)];
  lines.push(
    `Content-Type: ${type}`,
    chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${requestBytes}`,
  );
  const body = marked(id, requestBytes);
  const framed = chunked
    ? Buffer.concat([Buffer.from(`${requestBytes.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
    : body;
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  if (its.manner === 'whole' || framed.length < 4) return [Buffer.concat([head, framed])];
  const middle = its.dice.int(1, framed.length - 1);
  return [head, framed.subarray(0, middle), framed.subarray(middle)];
}

/** Runs one exchange. @returns what is wrong with the response; undefined when nothing is */
async function exchange(url: string, its: Plan): Promise<string | undefined> {
  using client = await RawClient.open(url);
  const sending = pieces(its);
  for (const [index, piece] of sending.entries()) {
    if (its.manner === 'leaves-upload' && index > 0 && index === sending.length - 1) return undefined;
    client.send(piece);
    if (index === sending.length - 1) break;
    await Bun.sleep(its.manner === 'dawdles' ? its.dice.int(5, 30) : its.dice.int(0, 3));
  }
  if (its.manner === 'leaves-early') return void (await Bun.sleep(its.dice.int(0, 3)));
  if (its.manner === 'leaves-late') {
    await until(() => client.log !== '' || client.state !== 'open', `a byte for ${its.id}`, 10_000);
    return undefined;
  }
  const response = await client.response(its.method).catch((error: unknown) => error as Error);
  // Cut before its head was through.
  if (response instanceof Error)
    return client.state === 'open' ? `no response: ${response.message}` : undefined;
  const owner = response.header('x-exchange');
  if (owner === undefined) {
    const isRefusal =
      response.status >= 500 && (its.method === 'HEAD' || response.text.includes('"upstream_'));
    return isRefusal ? undefined : `a response of nobody: ${response.status} ${response.text.slice(0, 80)}`;
  }
  if (owner !== String(its.id)) return `the response of ${owner}`;
  if (!marked(its.id, response.body.length).equals(response.body)) return 'a body of another';
  return undefined;
}

test(
  `over ${EXCHANGES} exchanges of odd clients and upstreams`,
  async () => {
    console.log(`seed ${SEED} (AIFD_FUZZ_SEED=${SEED} repeats it)`);
    const upstream = new ModelUpstream(SEED);
    await using aifd = await startAifd({
      OPENAI_BASE_URL: upstream.url,
      // Bodies that may hold a prompt are read whole, as they are under most options.
      TOKENS_LIMIT: '{"/v1": "1000000000000/minute"}',
      MAX_RETRIES: '0',
    });
    const faults: string[] = [];
    let next = 0;
    const client = async (): Promise<void> => {
      while (next < EXCHANGES && faults.length === 0 && upstream.crossed.length === 0) {
        const its = plan(SEED, next++);
        const fault = await exchange(aifd.url, its);
        if (fault !== undefined)
          faults.push(`${its.id} (${its.method} ${its.manner} ${its.behaviour}): ${fault}`);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    expect({ seed: SEED, faults, crossed: upstream.crossed }).toEqual({
      seed: SEED,
      faults: [],
      crossed: [],
    });
    const twice = [...upstream.begun].filter(([id, times]) => times > 1 && plan(SEED, id).method === 'POST');
    expect(twice).toEqual([]);
    expect(upstream.begun.size).toBeGreaterThan(EXCHANGES / 100);
    // Without connections that were used again there was nothing to cross.
    expect(upstream.whole).toBeGreaterThan(1.3 * upstream.connections);
    upstream.close();
  },
  10_000 + EXCHANGES * 20,
);
