import { relative } from 'node:path';
import { colors } from 'consola/utils';
import { Output } from '../output.ts';
import type { LogArguments } from './arguments.ts';
import type { LoggedExchange } from './exchange.ts';
import { Follower } from './follow.ts';
import { findLogs } from './folder.ts';
import { Search, wantedOf } from './search.ts';
import { type Showing, shown } from './show.ts';
import { lastExchanges } from './tail.ts';

/** How often a followed log is looked at, milliseconds. */
const ROUND_MS = 250;

/** Columns where nobody says how many there are. */
const WIDTH = 180;

/** `aifd logs tail`. With `--follow` it ends when nobody reads any more. */
export async function runTail(folder: string, asked: LogArguments): Promise<void> {
  const out = new Output();
  const showing = showingOf(asked, undefined);
  const followers = new Map<string, Follower>();
  // Before the past is read, so that nothing is missed between both.
  if (asked.isFollowing) for (const follower of await begin(folder, asked, followers)) await follower.toEnd();
  const { exchanges, broken } = await lastExchanges(folder, asked);
  for (const exchange of exchanges) await out.line(shown(exchange, showing, undefined));
  const isFound = exchanges.length > 0;
  const past = new Set(exchanges.map(uidOf));
  await out.flush();
  sayBroken(broken, undefined);
  if (!isFound && asked.count > 0) await sayNone(folder, asked);
  if (!asked.isFollowing) return;
  while (!out.isOver) {
    await Bun.sleep(ROUND_MS);
    await begin(folder, asked, followers);
    for (const follower of followers.values()) {
      for (const exchange of await follower.next()) {
        if (asked.filter(exchange) && !past.has(uidOf(exchange)))
          await out.line(shown(exchange, showing, undefined));
      }
    }
    await out.flush();
  }
  for (const follower of followers.values()) await follower.close();
}

function uidOf({ request, answer }: LoggedExchange): string {
  return (request ?? answer)!.uid;
}

/** Follows logs that are new too. @returns those */
async function begin(
  folder: string,
  asked: LogArguments,
  followers: Map<string, Follower>,
): Promise<Follower[]> {
  const begun: Follower[] = [];
  for (const log of await findLogs(folder, asked.target, asked.kind)) {
    if (followers.has(log.folder)) continue;
    const follower = new Follower(log);
    followers.set(log.folder, follower);
    begun.push(follower);
  }
  return begun;
}

/** `aifd logs search`. */
export async function runSearch(folder: string, asked: LogArguments): Promise<void> {
  const out = new Output();
  const wanted = wantedOf(asked.text, asked.since);
  const showing = showingOf(asked, wanted.pattern);
  let broken = 0;
  let first: string | undefined;
  let isFound = false;
  for (const log of await findLogs(folder, asked.target, asked.kind)) {
    const search = new Search(log, wanted);
    for await (const found of search.exchanges()) {
      for (const exchange of found) {
        if (!asked.filter(exchange)) continue;
        isFound = true;
        await out.line(shown(exchange, showing, wanted.pattern));
      }
      if (out.isOver) return;
    }
    broken += search.broken;
    first ??= search.firstBroken;
    await out.flush();
  }
  sayBroken(broken, first);
  if (!isFound) await sayNone(folder, asked);
}

function showingOf({ form }: LogArguments, pattern: RegExp | undefined): Showing {
  const isTerminal = process.stdout.isTTY === true;
  const isColored = isTerminal && (process.env['NO_COLOR'] ?? '') === '' && form === 'readable';
  const global = pattern && new RegExp(pattern.source, `${pattern.flags}g`);
  const mark = (text: string): string => text.replace(global!, (match) => colors.bold(colors.red(match)));
  return {
    form,
    isTerminal,
    width: isTerminal ? process.stdout.columns || WIDTH : WIDTH,
    mark: isColored && global ? mark : (text) => text,
  };
}

function sayBroken(broken: number, first: string | undefined): void {
  if (broken === 0) return;
  const where = first === undefined ? '' : `, the first at ${relative(process.cwd(), first)}`;
  console.error(`aifd: ${broken} ${broken === 1 ? 'line' : 'lines'} could not be read${where}`);
}

async function sayNone(folder: string, { target, kind }: LogArguments): Promise<void> {
  const isThere = (await findLogs(folder, target, kind)).length > 0;
  console.error(isThere ? 'aifd: nothing was found' : `aifd: there are no such logs in ${folder}`);
}
