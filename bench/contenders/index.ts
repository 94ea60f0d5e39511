import { aifds } from './aifd.ts';
import { caddies } from './caddy.ts';
import type { Contender, Running } from './contender.ts';
import { direct } from './direct.ts';
import { floors } from './floor.ts';
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
  ...floors,
  ...aifds,
  ...caddies,
  ...openaiForwards,
  ...portkeys,
  ...litellms,
];

/** Ends its processes. */
export async function stopContender({ child, helper }: Running): Promise<void> {
  await child?.stop();
  await helper?.stop();
}
