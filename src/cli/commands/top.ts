import { relative } from 'node:path';
import type { CommandDef } from 'citty';
import { trueEnvironment } from '../../config/environment.ts';
import { load } from '../../config/load.ts';
import { controlFolder } from '../../server/control-sockets.ts';
import { exitCodes } from '../exit.ts';
import { Output } from '../output.ts';
import { placeHelp } from '../help.ts';
import { readArguments } from '../arguments.ts';
import { type Asked, askAll } from '../top/ask.ts';
import { jsonOf, lineOf, screenOf } from '../top/render.ts';
import { Screen } from '../top/screen.ts';

const summary = 'what a running server does, live';

const help = `aifd top: ${summary}

Usage: aifd top [--json] [--once]

Requests a second, how many are open, median and 99th percentile of durations, hit rate of the cache and 429s, in all, by
target and by key, over the last minute and of all workers; anew each second. q or Ctrl-C ends it. Where standard output
is no terminal it is one line a second.

  --json             JSON, one line a second
  --once             Once, and no more
${placeHelp}`;

const EVERY_MS = 1000;

/** `aifd top`: asks the processes of a DATA_DIR each second. */
const command: CommandDef = {
  meta: { name: 'top', description: summary },
  run: async ({ rawArgs }) => {
    const { flags, switches } = readArguments(rawArgs, {
      command: 'top',
      options: ['dataDir'],
      switches: ['json', 'once'],
    });
    if (switches.has('help')) {
      console.log(help);
      return exitCodes.clean;
    }
    const cwd = process.cwd();
    const { config } = load({ flags, env: trueEnvironment(cwd), cwd });
    const { dataDir } = config;
    try {
      const isLive = process.stdout.isTTY && !switches.has('json') && !switches.has('once');
      if (isLive) return await showLive(dataDir);
      const render = switches.has('json') ? (asked: Asked) => jsonOf(asked, Date.now()) : lineOf;
      return await printLines(dataDir, render, switches.has('once'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      console.error(`aifd: ${controlFolder(dataDir)} can't be read: ${(error as Error).message}`);
      return exitCodes.failed;
    }
  },
};

export default command;

async function printLines(
  dataDir: string,
  render: (asked: Asked) => string,
  isOnce: boolean,
): Promise<number> {
  const out = new Output();
  for (;;) {
    const next = performance.now() + EVERY_MS;
    const asked = await askAll(dataDir);
    if (asked.pids.length === 0) return noServer(dataDir, asked);
    await out.line(render(asked));
    if (!(await out.flush()) || isOnce) return exitCodes.clean;
    await Bun.sleep(Math.max(0, next - performance.now()));
  }
}

async function showLive(dataDir: string): Promise<number> {
  let asked = await askAll(dataDir);
  if (asked.pids.length === 0) return noServer(dataDir, asked);
  const screen = new Screen();
  screen.open();
  try {
    while (!screen.isLeft && asked.pids.length > 0) {
      await shownFor(EVERY_MS, screen, asked);
      if (!screen.isLeft) asked = await askAll(dataDir);
    }
  } finally {
    screen.close();
  }
  return screen.isLeft ? exitCodes.clean : noServer(dataDir, asked);
}

/** Shows it so long, anew when the terminal gets another size. */
async function shownFor(ms: number, screen: Screen, asked: Asked): Promise<void> {
  const over = performance.now() + ms;
  for (let left = ms; left > 0 && !screen.isLeft; left = over - performance.now()) {
    const { height, width } = screen.size;
    screen.show(screenOf(asked, height, width));
    const waiting = new AbortController();
    await Promise.race([screen.left, screen.resized(waiting.signal), Bun.sleep(left)]);
    waiting.abort();
  }
}

function noServer(dataDir: string, { problems }: Asked): number {
  const folder = relative(process.cwd(), controlFolder(dataDir)) || '.';
  const nobody = `no running aifd has a socket in ${folder}: start it with the same DATA_DIR, and USAGE=true or METRICS`;
  for (const line of problems.length > 0 ? problems : [nobody]) console.error(`aifd: ${line}`);
  return exitCodes.failed;
}
