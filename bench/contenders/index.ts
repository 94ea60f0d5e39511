import { aifds } from './aifd.ts';
import { caddies } from './caddy.ts';
import type { Contender, Running, Where } from './contender.ts';
import { direct } from './direct.ts';
import { haproxies } from './haproxy.ts';
import { litellms } from './litellm.ts';
import { nginxes } from './nginx.ts';
import { openaiForwards } from './openai-forward.ts';
import { portkeys } from './portkey.ts';

/** All that the bench knows, in the order of the table. */
export const contenders: readonly Contender[] = [
  direct,
  ...haproxies,
  ...nginxes,
  ...aifds,
  ...caddies,
  ...openaiForwards,
  ...portkeys,
  ...litellms,
];

/** Starts all of them. @throws Error when one does not listen, after the others were stopped. */
export async function startContenders(wanted: readonly Contender[], where: Where): Promise<Running[]> {
  const running: Running[] = [];
  try {
    for (const contender of wanted) running.push(await contender.start(where));
  } catch (error) {
    await stopContenders(running);
    throw error;
  }
  return running;
}

/** Ends their processes. */
export async function stopContenders(running: readonly Running[]): Promise<void> {
  for (const { child, helper } of running) {
    await child?.stop();
    await helper?.stop();
  }
}
