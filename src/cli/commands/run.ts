import type { CommandDef } from 'citty';
import { restoreEnvironment, trueEnvironment } from '../../config/environment.ts';
import { type Flags, load } from '../../config/load.ts';
import { type Config, optionNames } from '../../config/options.ts';
import { type Demo, startDemo } from '../demo.ts';
import { exitCodes } from '../exit.ts';
import { readArguments } from '../arguments.ts';
import { renderHelp } from '../help.ts';
import { printPanels, printWarning } from '../panels.ts';
import { serveUntilStopped } from '../process.ts';
import { tryFolders } from '../../server/folders.ts';
import { urlOf } from '../../server/url.ts';

const summary = 'start forwarding';

/** `aifd run`: the server, alone or as a supervisor of workers. Resolves to the exit code when it has ended. */
const command: CommandDef = {
  meta: { name: 'run', description: summary },
  run: async ({ rawArgs }) => {
    const { flags, switches } = readArguments(rawArgs, {
      command: 'run',
      options: optionNames,
      switches: ['demo'],
    });
    if (switches.has('help')) {
      console.log(
        renderHelp('run', summary, [['--demo', 'Forward to a built-in upstream: no key, no network']]),
      );
      return exitCodes.clean;
    }
    const demo = switches.has('demo') ? await startDemo(flags) : undefined;
    try {
      return await start(demo?.flags ?? flags, demo);
    } finally {
      demo?.stop();
    }
  },
};

export default command;

async function start(flags: Flags, demo: Demo | undefined): Promise<number> {
  const cwd = process.cwd();
  const env = trueEnvironment(cwd);
  const loaded = load({ flags, env, cwd, setAside: demo?.setAside });
  const { config } = loaded;
  // The supervisor has said it all already.
  if (process.env.AIFD_WORKER !== undefined) return serveAsWorker(config);
  for (const warning of loaded.warnings) await printWarning(warning);
  if (config.workers > 1) {
    restoreEnvironment(env);
    return superviseWorkers(config);
  }
  return serveUntilStopped(config, async (url) => {
    await sayReady(config, url);
    await demo?.chat(url);
  });
}

async function superviseWorkers(config: Config): Promise<number> {
  await tryFolders(config);
  const { ownCommand, supervise } = await import('../../server/supervisor.ts');
  return supervise({
    config,
    command: ownCommand(),
    onReady: () => void sayReady(config, urlOf(config, config.port)),
    log: (line) => console.error(`aifd: ${line}`),
  });
}

async function serveAsWorker(config: Config): Promise<number> {
  const { onSupervisorGone } = await import('../../server/supervisor.ts');
  // Nobody would ever stop an orphan, and it would hold the port: it takes its leave as if asked to.
  onSupervisorGone(() => process.kill(process.pid, 'SIGTERM'));
  return serveUntilStopped(config, () => process.send?.({ ready: true }));
}

/** Said once the port is had, by all workers. The time is from the start of the process, the runtime's own start included. */
async function sayReady(config: Config, url: string): Promise<void> {
  const took = Math.round(performance.now());
  await printPanels(config);
  const crew = config.workers > 1 ? ` with ${config.workers} workers` : '';
  console.log(`listening on ${url}${crew} (started in ${took} ms)`);
}
