import { join } from 'node:path';
import { pinned } from '../measure/processes.ts';
import type { Message, Order, Report } from './order.ts';

/** Seconds that an order may take beyond its limit before its process counts as hung. */
const grace = 10;

/** The load in its own process, as the bench sees it. */
export class LoadProcess {
  readonly #child: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;
  readonly #lines: AsyncIterator<string>;

  /** @param cores the processors it may use, as `taskset` names them */
  constructor(cores?: string) {
    const command = pinned([process.execPath, join(import.meta.dir, 'main.ts')], cores);
    this.#child = Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
    this.#lines = linesOf(this.#child.stdout);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Runs one order; one at a time.
   *
   * @param onStarted called once every stream of a burst has its first event
   * @throws Error when any answer was not whole and right, or took too long
   */
  async run(order: Order, onStarted?: () => void): Promise<Report> {
    const hung = setTimeout(() => this.#child.kill('SIGKILL'), (order.limit + grace) * 1000);
    try {
      void this.#child.stdin.write(`${JSON.stringify(order)}\n`);
      void this.#child.stdin.flush();
      for (;;) {
        const { value, done } = await this.#lines.next();
        if (done) throw new Error('the load process ended');
        const message: Message = JSON.parse(value);
        if ('report' in message) return message.report;
        if ('problem' in message) throw new Error(message.problem);
        onStarted?.();
      }
    } finally {
      clearTimeout(hung);
    }
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true });
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}
