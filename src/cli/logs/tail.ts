import type { LogArguments } from './arguments.ts';
import { type LoggedExchange, timeOf } from './exchange.ts';
import { findLogs, filesOf, type Log } from './folder.ts';
import { Pairing } from './pairing.ts';
import { linesBackward, openIfThere } from './read.ts';

/** The last exchanges of some logs. */
export interface Last {
  /** Oldest first. */
  readonly exchanges: readonly LoggedExchange[];
  readonly broken: number;
}

/** Those that the filter takes, at most `count` of all logs together. Reads no more of the files than it needs. */
export async function lastExchanges(folder: string, asked: LogArguments): Promise<Last> {
  const all: LoggedExchange[] = [];
  let broken = 0;
  for (const log of await findLogs(folder, asked.target, asked.kind)) {
    const found = await lastOf(log, asked);
    all.push(...found.exchanges);
    broken += found.broken;
  }
  const sorted = all.toSorted((a, b) => (timeOf(a) ?? 0) - (timeOf(b) ?? 0));
  return { exchanges: asked.count === 0 ? [] : sorted.slice(-asked.count), broken };
}

async function lastOf(log: Log, { count, filter }: LogArguments): Promise<Last> {
  const found: LoggedExchange[] = [];
  const pairing = new Pairing(log);
  const take = (exchange: LoggedExchange): void => {
    if (found.length < count && filter(exchange)) found.push(exchange);
  };
  for (const path of (await filesOf(log)).toReversed()) {
    if (found.length >= count) break;
    const file = await openIfThere(path);
    if (file === undefined) continue;
    try {
      for await (const text of linesBackward(file, (await file.stat()).size)) {
        for (const exchange of pairing.add(text)) take(exchange);
        // Answers come after requests: what is asked here and not answered yet never was.
        for (const exchange of pairing.rest(({ isRequest }) => isRequest)) take(exchange);
        if (found.length >= count) break;
      }
    } finally {
      await file.close();
    }
  }
  return { exchanges: found.toReversed(), broken: pairing.broken };
}
