import { bodyCheck } from '../load/expected.ts';
import { clientKey } from '../load/order.ts';
import type { Question } from '../load/order.ts';
import { bodyOf } from '../load/question.ts';
import { orderOf } from '../scenarios/measure.ts';
import { question } from '../scenarios/patterns.ts';
import { realKey } from './contender.ts';
import type { Running } from './contender.ts';

const work = { pattern: { kind: 'burst', connections: 1 }, limit: 10 } as const;
const stream = question({ stream: true, wish: { chunks: 5 } });

/** Waits for a first right answer. @throws Error with what is wrong after `seconds`. */
export async function firstAnswer(running: Running, seconds = 20): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await checkAnswer(running, question());
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await Bun.sleep(5);
    }
  }
}

/**
 * Checks that a contender swaps the key and that its answers are those of the upstream.
 *
 * @throws Error that names the contender and what differs.
 */
export async function check(running: Running): Promise<void> {
  if (running.contender.answers === 'exact') await checkRequest(running);
  await checkAnswer(running, question());
  await checkAnswer(running, stream);
}

/** Asks until the answer comes from the cache. @throws Error when it never does. */
export async function checkHit(running: Running, asked: Question): Promise<void> {
  const deadline = performance.now() + 3000;
  for (let status = ''; !status.includes('hit');) {
    if (performance.now() > deadline)
      throw new Error(`${running.contender.name} did not answer from its cache: ${status}`);
    const response = await ask(running, asked);
    await response.arrayBuffer();
    status = response.headers.get('cache-status') ?? '';
    await Bun.sleep(5);
  }
}

/** What it made of the request. */
async function checkRequest(running: Running): Promise<void> {
  const { name } = running.contender;
  const asked = question({ wish: { echo: true } });
  const echo = await ask(running, asked);
  const key = name === 'direct' ? clientKey : realKey;
  const { head, bodyLength } = (await echo.json()) as { head: string; bodyLength: number };
  if (!/^authorization: (.*)$/im.exec(head)?.[1]?.startsWith(`Bearer ${key}`)) {
    throw new Error(`${name} sent another key upstream`);
  }
  if (bodyLength !== bodyOf(asked).length) throw new Error(`${name} changed the request's body`);
}

async function checkAnswer(running: Running, asked: Question): Promise<void> {
  const body = Buffer.from(await (await ask(running, asked)).arrayBuffer());
  const right = bodyCheck(orderOf(running, { question: asked, ...work }))();
  right.add(body, 0, body.length);
  const problem = right.end();
  const kind = asked.stream ? 'a stream' : 'JSON';
  if (problem) throw new Error(`${running.contender.name} answered ${kind} with ${problem}`);
}

async function ask(running: Running, asked: Question): Promise<Response> {
  const { contender } = running;
  const { port, path, headers, keys } = orderOf(running, { question: asked, ...work });
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${keys[0]}`, ...headers },
    body: bodyOf(asked),
    signal: AbortSignal.timeout(10_000),
    // A connection left in the pool would take one of haproxy's 4,000 places.
    keepalive: false,
  });
  if (response.ok) return response;
  throw new Error(`${contender.name} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
}
