import type { Subprocess } from 'bun';
import { Ledger } from '../record/metrics/ledger.ts';
import { isEcho } from './echo.ts';
import { survivesHangup } from './hangup.ts';
import { isLedgerMessage, type LedgerMessage } from './ledger.ts';
import { type ListenAddress, type ListenProblem, listenProblem } from './listen-problem.ts';

/** What the supervisor needs of the configuration. */
export interface SupervisedConfig extends ListenAddress {
  workers: number;
  /** Seconds that a worker may take to end its open requests. */
  shutdownTimeout: number;
}

export interface SuperviseOptions {
  config: SupervisedConfig;
  /** The program and arguments of one worker; see {@link ownCommand}. */
  command: string[];
  /** Called once, when every worker has said that it listens. */
  onReady(): void;
  /** Takes one line for people: what happened to a worker, or why none was started. By default to stderr. */
  log?(line: string): void;
}

interface Slot {
  readonly index: number;
  child?: Subprocess;
  startedAt: number;
  wasReady: boolean;
  /** Milliseconds to wait before the next restart. */
  backOff: number;
  timer?: Timer;
}

const FIRST_BACK_OFF = 200;
const LONGEST_BACK_OFF = 10_000;
/** A worker that lived this many milliseconds is not in a crash loop. */
const HEALTHY_LIFE = 30_000;
/** What a worker gets on top of SHUTDOWN_TIMEOUT before it is killed, in milliseconds. */
const KILL_MARGIN = 5_000;
/** What a worker gets after a second signal: its own last words take less. */
const LAST_WORDS_MARGIN = 1_500;
const CODE_FAILED = 1;
const CODE_BAD_CONFIGURATION = 2;

/**
 * Runs `config.workers` processes that share one port, replaces those that die (after 0.2 s, doubling to 10 s),
 * and ends them on SIGTERM or SIGINT; a second signal
 * lets them write what became of open requests and then kills them.
 *
 * @returns the exit code for this process: 0 after a signal, 128 + its number after a second one, 2 when a worker finds the configuration bad, 1 when
 * the port can't be had or a worker can't start.
 */
export async function supervise(options: SuperviseOptions): Promise<number> {
  const problem = await findProblem(options.config);
  if (problem === undefined) return new Supervisor(options).run();
  (options.log ?? toStderr)(problem.line);
  return problem.isConfiguration ? CODE_BAD_CONFIGURATION : CODE_FAILED;
}

/**
 * Calls back once when this worker's supervisor is gone, however it ended (its end of the channel closes with it,
 * after `kill -9` too). Does nothing in a process that no supervisor started.
 */
export function onSupervisorGone(callback: () => void): void {
  if (process.env['AIFD_WORKER'] === undefined || !process.send) return;
  if (process.connected) process.once('disconnect', callback);
  else queueMicrotask(callback);
}

/** The command that starts this same program again, from source or as a compiled binary. */
export function ownCommand(): string[] {
  const args = process.argv.slice(2);
  // A compiled binary is its own runtime: its main module lies in a file system of its own.
  const isCompiled = Bun.main.startsWith('/$bunfs/') || Bun.main.includes('~BUN');
  return isCompiled
    ? [process.execPath, ...args]
    : [process.execPath, ...process.execArgv, Bun.main, ...args];
}

/**
 * Workers bind with SO_REUSEPORT, which would let them silently share the port of another aifd, each of the two
 * then getting some of the connections. So the port is bound once without it first, with the certificate: what is
 * wrong is said once then and not by every worker.
 */
async function findProblem(config: SupervisedConfig): Promise<ListenProblem | undefined> {
  const { host, port, tlsCertFile: cert, tlsKeyFile: key } = config;
  if (port === 0) return { line: 'several workers need one fixed port', isConfiguration: true };
  try {
    const tls = cert && key ? { tls: { cert: Bun.file(cert), key: Bun.file(key) } } : {};
    Bun.listen({ hostname: host, port, exclusive: true, socket: { data() {} }, ...tls }).stop(true);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const unknown = { line: `cannot listen on ${host}:${port}: ${code ?? message}`, isConfiguration: false };
    return (await listenProblem(error, config)) ?? unknown;
  }
}

function toStderr(line: string): void {
  console.error(`aifd: ${line}`);
}

class Supervisor {
  readonly #options: SuperviseOptions;
  readonly #slots: Slot[];
  readonly #end = Promise.withResolvers<number>();
  readonly #onSigterm = () => this.#signalled(143);
  readonly #onSigint = () => isEcho() || this.#signalled(130);
  readonly #ledger = new Ledger();
  #isReady = false;
  #stopCode: number | undefined;
  #isHurried = false;
  #killTimer?: Timer;

  constructor(options: SuperviseOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.config.workers }, (_, index) => {
      return { index, startedAt: 0, wasReady: false, backOff: FIRST_BACK_OFF };
    });
  }

  async run(): Promise<number> {
    process.on('SIGTERM', this.#onSigterm);
    process.on('SIGINT', this.#onSigint);
    const unhook = survivesHangup((line) => this.#log(line));
    for (const slot of this.#slots) this.#start(slot);
    const code = await this.#end.promise;
    clearTimeout(this.#killTimer);
    process.off('SIGTERM', this.#onSigterm);
    process.off('SIGINT', this.#onSigint);
    unhook();
    return code;
  }

  #start(slot: Slot): void {
    if (this.#stopCode !== undefined) return;
    slot.startedAt = performance.now();
    try {
      slot.child = Bun.spawn(this.#options.command, {
        env: { ...process.env, AIFD_WORKER: String(slot.index) },
        stdio: ['ignore', 'inherit', 'inherit'],
        // A group of its own: else Ctrl-C reaches the workers twice, and the second one ends them at once.
        detached: true,
        ipc: (message: unknown) => this.#heard(slot, message),
        onExit: (_child, code, signal) => this.#ended(slot, code, signal),
      });
    } catch (error) {
      this.#log(`worker ${slot.index} can't be started: ${(error as Error).message}`);
      this.#stop(CODE_FAILED);
    }
  }

  #heard(slot: Slot, message: unknown): void {
    if (isLedgerMessage(message)) return this.#exchange(slot, message);
    if (!(message && typeof message === 'object' && 'ready' in message)) return;
    slot.wasReady = true;
    if (this.#isReady || !this.#slots.every((each) => each.wasReady)) return;
    this.#isReady = true;
    this.#options.onReady();
  }

  #exchange({ child }: Slot, { ledger, parts }: LedgerMessage): void {
    const answer: LedgerMessage = { ledger, parts: this.#ledger.exchange(parts) };
    // It may have gone meanwhile.
    if (child?.exitCode === null && child.signalCode === null) child.send(answer);
  }

  #ended(slot: Slot, code: number | null, signal: number | string | null): void {
    if (slot.child) this.#ledger.ended(slot.child.pid);
    slot.child = undefined;
    if (this.#stopCode !== undefined) {
      this.#finishIfEmpty();
    } else if (code === CODE_BAD_CONFIGURATION || (code === CODE_FAILED && !slot.wasReady)) {
      this.#stop(code);
    } else {
      this.#startAgain(slot, signal === null ? `code ${code}` : `signal ${signal}`);
    }
  }

  #startAgain(slot: Slot, how: string): void {
    if (performance.now() - slot.startedAt >= HEALTHY_LIFE) slot.backOff = FIRST_BACK_OFF;
    this.#log(`worker ${slot.index} ended (${how}); starting it again in ${slot.backOff / 1000} s`);
    slot.timer = setTimeout(() => this.#start(slot), slot.backOff);
    slot.backOff = Math.min(slot.backOff * 2, LONGEST_BACK_OFF);
  }

  /** @param killedCode what a shell reports for a process that this signal ended */
  #signalled(killedCode: number): void {
    if (this.#stopCode === undefined) return this.#stop(0);
    if (this.#isHurried) return this.#killAll('SIGKILL');
    this.#isHurried = true;
    this.#stopCode = killedCode;
    // Not the one they had: two of a kind that come at once are one.
    this.#killAll('SIGINT');
    clearTimeout(this.#killTimer);
    this.#killTimer = setTimeout(() => this.#killAll('SIGKILL'), LAST_WORDS_MARGIN);
  }

  #stop(code: number): void {
    if (this.#stopCode !== undefined) return;
    this.#stopCode = code;
    for (const slot of this.#slots) clearTimeout(slot.timer);
    this.#killAll('SIGTERM');
    const patience = this.#options.config.shutdownTimeout * 1000 + KILL_MARGIN;
    this.#killTimer = setTimeout(() => this.#killAll('SIGKILL'), patience);
    this.#finishIfEmpty();
  }

  #killAll(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): void {
    for (const slot of this.#slots) slot.child?.kill(signal);
  }

  #finishIfEmpty(): void {
    if (this.#slots.every((slot) => slot.child === undefined)) this.#end.resolve(this.#stopCode ?? 0);
  }

  #log(line: string): void {
    (this.#options.log ?? toStderr)(line);
  }
}
