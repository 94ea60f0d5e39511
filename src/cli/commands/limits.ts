import type { CommandDef } from 'citty';
import { Refused } from '../../config/kinds.ts';
import { type Limit, LimitSyntaxError, parseLimit } from '../../config/limit-grammar.ts';
import { nearest } from '../../config/nearest.ts';
import { optionOf } from '../../config/options.ts';
import { MemoryWindows } from '../../store/windows/memory.ts';
import { type Decision, type Meter, strategies, type Strategy } from '../../store/windows/store.ts';
import { type Arguments, isHelp, readArguments, readSubcommand } from '../arguments.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { PER_SECOND, RequestTimes } from '../logs/request-times.ts';
import { linesOf } from '../lines.ts';

const summary = 'hold a limit against request times before turning it on';

const help = `aifd limits: ${summary}

Usage: aifd limits try LIMIT [--strategy NAME] < TIMES

Reads request times from standard input: seconds, fractions too, one a line, the oldest first; or aifd's own logs, access
lines (text, JSON, or their first column) and chat logs, in any order. Blank lines are passed over. Prints for each request
allow or deny, then what remains of each limit and when all of it is there again. All requests are one user's.

  LIMIT            100/2minutes, 10 per hour, 60/minute;600/hour, inf
  --strategy NAME  fixed-window (default), fixed-window-elastic-expiry or moving-window
  --help           Show this text

Examples: docker logs aifd | aifd limits try 100/2minutes
          aifd limits try '60/minute;600/hour' --strategy moving-window < Log/openai/chat/chat.log`;

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
  const times = new RequestTimes();
  if (process.stdin.isTTY) console.error('aifd: reading request times from the terminal; Ctrl-D ends them');
  try {
    for await (const lines of linesOf(Bun.stdin.stream())) {
      for (const text of lines) {
        const time = times.add(text);
        if (time !== undefined) out.write(show(windows.hit(meters, strategy, time)));
      }
      // What has been decided is shown before more is read: a slow reader holds us back, not fills us up.
      await out.flush();
    }
    let shown = 0;
    for (const time of times.rest()) {
      out.write(show(windows.hit(meters, strategy, time)));
      if (++shown % FLUSHED === 0) await out.flush();
    }
  } finally {
    await out.end();
  }
  if (times.passedOver > 0)
    console.error(`aifd: ${times.passedOver} lines are no request's, and were passed over`);
}

/** So many verdicts are written at once. */
const FLUSHED = 10_000;

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
