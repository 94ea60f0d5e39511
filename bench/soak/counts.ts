import { join } from 'node:path';
import { LmdbWindows } from '../../src/store/windows/lmdb.ts';
import { countsTokens, isLong, metersOf } from './limits.ts';
import { checkBounds, replay } from './replay.ts';
import type { Entry, Range, User } from './users.ts';

/** How often the upstream saw each request, by its id. */
export type Seen = ReadonlyMap<string, number>;

/** What the clients were told is what the upstream saw. @returns what is wrong, a line each */
export function checkAnswers(entries: readonly Entry[], seen: Seen): string[] {
  const problems = entries.flatMap((entry) => checkAnswer(entry, seen.get(entry.id) ?? 0));
  return entries.length === 0 ? ['no request was made'] : problems;
}

function checkAnswer({ id, verdict, problem }: Entry, times: number): string[] {
  if (problem) return [`request ${id}: ${problem}`];
  if (verdict === 'passed' && times !== 1) return [`request ${id} passed, and came ${times} times`];
  if ((verdict === 'limited' || verdict === 'queue') && times !== 0)
    return [`request ${id} was refused (${verdict}), and came all the same`];
  return [];
}

/** Each user's verdicts, one by one where their order is known, else within bounds. */
export function checkVerdicts(users: readonly User[]): string[] {
  return users.flatMap((user) => {
    const found = [...checkBounds(user), ...(user.isSequential ? replay(user) : [])];
    return found.map((problem) => `user ${user.key}: ${problem}`);
  });
}

/**
 * The windows of a day, read from disk after aifd has stopped, are the counts over the whole run.
 *
 * @returns what is wrong, and how many could be checked within bounds only: clients left while it was not known what was
 * counted
 */
export async function checkLongWindows(
  users: readonly User[],
  seen: Seen,
  folder: string,
): Promise<{ problems: string[]; inexact: number }> {
  const store = new LmdbWindows(join(folder, 'data'));
  const problems: string[] = [];
  let inexact = 0;
  for (const { key, journal } of users) {
    for (const route of ['chat', 'embeddings'] as const) {
      const entries = journal.filter((entry) => entry.route === route);
      for (const meter of metersOf(route, key, 0).filter(isLong)) {
        const { states } = await store.hit([{ ...meter, cost: 0 }], 'fixed-window', Date.now());
        const counted = meter.amount - states[0]!.remaining;
        const [least, most] = expected(entries, seen, countsTokens(meter));
        if (least !== most) inexact++;
        if (counted >= least && counted <= most) continue;
        const what = countsTokens(meter) ? 'tokens' : `${route} requests`;
        problems.push(`user ${key}: ${counted} ${what} are counted, ${least} to ${most} were used`);
      }
    }
  }
  await store.close();
  return { problems, inexact };
}

function expected(entries: readonly Entry[], seen: Seen, tokens: boolean): Range {
  let [least, most] = [0, 0];
  for (const { id, verdict, used } of entries) {
    const came = seen.has(id);
    if (verdict !== 'passed' && verdict !== 'left') continue;
    // Who left unheard was counted, and given back, or not: it depends on where the request was.
    if (tokens && came) [least, most] = [least + used[0], most + used[1]];
    else if (!tokens) [least, most] = [least + (came ? 1 : 0), most + 1];
  }
  return [least, most];
}
