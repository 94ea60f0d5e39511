import type { CommandDef } from 'citty';
import { duration } from '../../config/cache-kinds.ts';
import { trueEnvironment } from '../../config/environment.ts';
import { load } from '../../config/load.ts';
import { nearest } from '../../config/nearest.ts';
import { isUsageKept, periodFor, usageFolder, UsageStore } from '../../store/usage/lmdb.ts';
import { HOUR_MS } from '../../store/usage/store.ts';
import { safeJson } from '../../text/terminal.ts';
import { Output } from '../output.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { placeHelp } from '../help.ts';
import { type Arguments, readArguments } from '../arguments.ts';
import { type Clock, localClock, utcClock, wholeDays } from '../stats/clock.ts';
import { type Grouping, grouped, groupings } from '../stats/groups.ts';
import { csvLines, rowOfFigures, rowOfRecord } from '../stats/rows.ts';
import { exchangesTable, tableOf } from '../stats/text.ts';
import { readUserSecret } from '../../store/user-digest.ts';

const summary = 'what requests, tokens and money came to';

const help = `aifd stats: ${summary}

Usage: aifd stats [--by ${groupings.join('|')}] [--since TIME] [--utc] [--json|--csv]
       aifd stats --last N [--utc] [--json|--csv]

  --by WHAT          What a line is of: ${groupings.join(', ')} (default: day)
  --since TIME       How far back: 90s, 15m, 24h, 7d (default: 7d). Counts whole hours up to three days and by hour
                     (they are kept for 14 days), else whole days
  --utc              Days, hours and times of UTC, and not of this machine's zone (TZ)
  --last N           The last exchanges one by one, at most 10000 are kept
  --json, --csv      Exact figures for programs: money in dollars, times in ms
${placeHelp}

Costs are by list prices; see PRICES. What the cache answered costs nothing and its tokens are not counted; SAVED is what it
would have cost. A running server writes once a second.`;

type Format = 'text' | 'json' | 'csv';

interface Asked {
  readonly by: Grouping;
  /** Ms. */
  readonly since: number;
  /** Exchanges one by one, when they are asked for. */
  readonly last: number | undefined;
  readonly format: Format;
  readonly clock: Clock;
}

/** `aifd stats`: reads what running servers write, and what ended ones wrote. */
const command: CommandDef = {
  meta: { name: 'stats', description: summary },
  run: async ({ rawArgs }) => {
    const args = readArguments(rawArgs, {
      command: 'stats',
      options: ['dataDir'],
      values: ['by', 'since', 'last'],
      switches: ['json', 'csv', 'utc'],
    });
    if (args.switches.has('help')) {
      console.log(help);
      return exitCodes.clean;
    }
    const asked = read(args);
    const cwd = process.cwd();
    const { config } = load({ flags: args.flags, env: trueEnvironment(cwd), cwd });
    readUserSecret(config.dataDir);
    return show(config.dataDir, asked);
  },
};

export default command;

function read({ values, switches }: Arguments): Asked {
  const by = values.get('by') ?? 'day';
  const grouping = groupings.find((name) => name === by);
  if (grouping === undefined) {
    const meant = nearest(by, groupings);
    throw new UsageError(`--by is one of ${groupings.join(', ')}${meant ? `: did you mean ${meant}?` : ''}`);
  }
  const last = values.get('last');
  if (last !== undefined && (values.has('by') || values.has('since')))
    throw new UsageError('use --last alone, without --by and --since');
  if (last !== undefined && (!/^\d{1,6}$/.test(last) || Number(last) === 0))
    throw new UsageError('--last is a whole number from 1 on');
  if (switches.has('json') && switches.has('csv')) throw new UsageError('use --json or --csv, not both');
  const format = switches.has('json') ? 'json' : switches.has('csv') ? 'csv' : 'text';
  return {
    by: grouping,
    since: readSince(values.get('since') ?? '7d'),
    last: last === undefined ? undefined : Number(last),
    format,
    clock: switches.has('utc') ? utcClock : localClock,
  };
}

function readSince(text: string): number {
  const seconds = duration.parse(text);
  if (typeof seconds === 'number' && seconds > 0) return seconds * 1000;
  throw new UsageError(`--since is a time as 90s, 15m, 24h or 7d, not '${text.slice(0, 40)}'`);
}

async function show(dataDir: string, asked: Asked): Promise<number> {
  // To look is not to make.
  if (!isUsageKept(dataDir)) {
    console.error(`aifd: nothing is kept yet in ${usageFolder(dataDir)}`);
    return print(nothing(asked));
  }
  let store: UsageStore;
  try {
    store = new UsageStore(dataDir);
  } catch (error) {
    console.error(`aifd: ${(error as Error).message}`);
    return exitCodes.failed;
  }
  try {
    return await print(asked.last === undefined ? sums(store, asked) : exchanges(store, asked.last, asked));
  } finally {
    await store.close();
  }
}

/** What there is to print of an empty store. */
function nothing({ format }: Asked): string[] {
  return format === 'json' ? ['[]'] : [];
}

function sums(store: UsageStore, { by, since, format, clock }: Asked): string[] {
  const from = Date.now() - since;
  const isByHour = by === 'hour' || (by !== 'day' && periodFor(since) === 'hour');
  const { rollups, lastOfUtc } = isByHour
    ? { rollups: store.rollups('hour', from - (from % HOUR_MS)), lastOfUtc: undefined }
    : wholeDays(store, clock.dayStart(from), clock);
  const result = grouped(rollups, by, clock);
  const rows = result.groups.map(({ name, figures }) => ({ [by]: name, ...rowOfFigures(figures) }));
  if (format === 'json') return [safeJson(rows, 2)];
  if (format === 'csv') return csvLines(rows, [by, ...Object.keys(rowOfFigures(result.total))]);
  if (rows.length === 0) return ['nothing was asked in that time'];
  const table = tableOf(result, by);
  // Programs can't be told so: `--utc` gives them days of one kind.
  if (lastOfUtc === undefined) return table;
  return [...table, '', `up to ${lastOfUtc} days are those of UTC: hours are kept for two weeks`];
}

function exchanges(store: UsageStore, last: number, { format, clock }: Asked): string[] {
  const records = store.last(last);
  const rows = records.map(rowOfRecord);
  if (format === 'json') return [safeJson(rows, 2)];
  if (format === 'csv') return rows.length === 0 ? [] : csvLines(rows, Object.keys(rows[0]!));
  return records.length === 0 ? ['no exchange is kept'] : exchangesTable(records, clock);
}

async function print(lines: readonly string[]): Promise<number> {
  const out = new Output();
  for (const line of lines) if (!(await out.line(line))) break;
  await out.end();
  return exitCodes.clean;
}
