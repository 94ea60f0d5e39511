import type { CommandDef } from 'citty';
import { Refused } from '../../config/kinds.ts';
import { type Limit, LimitSyntaxError, parseLimit } from '../../config/limit-grammar.ts';
import { nearest } from '../../config/nearest.ts';
import { optionOf } from '../../config/options.ts';
import { MemoryWindows } from '../../store/windows/memory.ts';
import { type Decision, type Meter, strategies, type Strategy } from '../../store/windows/store.ts';
import { type Arguments, isHelp, readArguments, readSubcommand } from '../arguments.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { linesOf } from '../lines.ts';

const summary = 'hold a limit against request times before turning it on';

const help = `aifd limits: ${summary}

Usage: aifd limits try LIMIT [--strategy NAME] < TIMES

Reads request times from standard input: seconds, fractions too, one a line, the oldest first; blank lines are
passed over. Prints for each allow or deny, then what remains of each limit and when all of it is there again.
All requests are one user's.

  LIMIT            100/2minutes, 10 per hour, 60/minute;600/hour, inf
  --strategy NAME  fixed-window (default), fixed-window-elastic-expiry or moving-window
  --help           Show this text

Example: aifd limits try '60/minute;600/hour' --strategy moving-window < yesterday.txt`;

/** `aifd limits try LIMIT`: what a limit would have done. */
const command: CommandDef = {
  meta: { name: 'limits', description: summary },
  run: async ({ rawArgs: [subcommand, ...rest] }) => {
    const args = isHelp(subcommand) ? undefined : readTryArguments(subcommand, rest);
    if (args === undefined || args.switches.has('help')) {
      console.log(help);
      return exitCodes.clean;
    }
    const { limits, strategy } = readTrial(args);
    await tryOut(limits, strategy).catch((error: NodeJS.ErrnoException) => {
      // Who reads on has seen enough: `| head`.
      if (error.code !== 'EPIPE') throw error;
    });
    return exitCodes.clean;
  },
};

export default command;

interface Trial {
  readonly limits: readonly Limit[];
  readonly strategy: Strategy;
}

function readTryArguments(subcommand: string | undefined, rest: readonly string[]): Arguments {
  readSubcommand('limits', subcommand, ['try']);
  const operand = { name: 'LIMIT', isNeeded: true, hint: 'quote a limit that has spaces' };
  return readArguments(rest, { command: 'limits try', values: ['strategy'], operand });
}

function readTrial({ operand, values }: Arguments): Trial {
  return { limits: readLimit(operand!), strategy: readStrategy(values.get('strategy') ?? 'fixed-window') };
}

function readStrategy(name: string): Strategy {
  const { kind } = optionOf('rateLimitStrategy');
  const strategy = kind.parse(name.trim());
  if (!(strategy instanceof Refused)) return strategy as Strategy;
  const meant = nearest(name.trim().toLowerCase(), strategies);
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  throw new UsageError(`--strategy is '${name}'${hint}; accepted: ${kind.accepts}`);
}

/** @throws UsageError that marks the place below the string */
function readLimit(text: string): Limit[] {
  try {
    return parseLimit(text);
  } catch (error) {
    if (!(error instanceof LimitSyntaxError)) throw error;
    // A tab or a line break would move the mark.
    const shown = text.replaceAll(/\s/g, ' ');
    throw new UsageError(`${error.message}\n  ${shown}\n  ${' '.repeat(error.position)}^`);
  }
}

/** All is in microseconds here, windows too: a log's fractions of milliseconds stay whole numbers. */
const PER_SECOND = 1_000_000;

async function tryOut(limits: readonly Limit[], strategy: Strategy): Promise<void> {
  const windows = new MemoryWindows();
  const meters = limits.map(({ amount, windowMs }, index) => ({
    key: String(index),
    amount,
    windowMs: windowMs * 1000,
    cost: 1,
  }));
  const show = renderer(limits, meters);
  const out = Bun.stdout.writer();
  let line = 0;
  for await (const lines of linesOf(Bun.stdin.stream())) {
    for (const text of lines) {
      line += 1;
      if (text.trim() === '') continue;
      const time = timeOf(text);
      if (time === undefined) {
        await out.end();
        throw new UsageError(`line ${line} is no time in seconds: '${text.slice(0, 60)}'`);
      }
      out.write(show(windows.hit(meters, strategy, time)));
    }
    // What has been decided is shown before more is read: a slow reader holds us back, not fills us up.
    await out.flush();
  }
  await out.end();
}

function timeOf(text: string): number | undefined {
  if (!/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(text)) return undefined;
  const time = Math.round(Number(text) * PER_SECOND);
  return Number.isSafeInteger(time) ? time : undefined;
}

/** Columns as wide as their widest value can be, for the lines to come are not known. */
function renderer(limits: readonly Limit[], meters: readonly Meter[]): (decision: Decision) => string {
  if (limits.length === 0) return () => 'allow  unlimited\n';
  const remaining = meters.map(({ amount }) => String(Math.max(0, amount - 1)).length);
  const reset = meters.map(({ windowMs }) => `${windowMs / PER_SECOND}.000`.length);
  const last = limits.length - 1;
  return ({ allowed, states }) => {
    const columns = states.map((state, i) => {
      const name = limits.length === 1 ? '' : `${limits[i]!.text}  `;
      const left = String(state.remaining).padStart(remaining[i]!);
      const when = `resets in ${seconds(state.resetMs)} s`;
      return `${name}remaining ${left}  ${i === last ? when : when.padEnd(reset[i]! + 'resets in  s'.length)}`;
    });
    return `${allowed ? 'allow' : 'deny '}  ${columns.join('  ')}\n`;
  };
}

/** To the millisecond, without zeros that say nothing. */
const seconds = (microseconds: number): string => String(Math.round(microseconds / 1000) / 1000);
