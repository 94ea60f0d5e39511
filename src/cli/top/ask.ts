import { type LiveFigures, mergeLive } from '../../record/live/live-figures.ts';
import { controlSockets } from '../../server/control-sockets.ts';

/** What a process that runs may take to answer. */
const PATIENCE_MS = 3_000;

/** What the running processes of one DATA_DIR do, as one. */
export interface Asked {
  readonly figures: LiveFigures;
  readonly pids: readonly number[];
  /** One line for each that is there and could not be asked. */
  readonly problems: readonly string[];
}

/** Asks every process that has a socket; `pids` is empty when none tells. @throws when the folder can't be read */
export async function askAll(dataDir: string): Promise<Asked> {
  const answers = await Promise.all((await controlSockets(dataDir)).map(ask));
  const all = answers.filter((answer) => typeof answer === 'object');
  const problems = answers.filter((answer) => typeof answer === 'string');
  return { figures: mergeLive(all), pids: all.map(({ pid }) => pid), problems };
}

/** @returns a line when it could not be asked, undefined when nobody is there or it counts nothing */
async function ask(socket: string): Promise<LiveFigures | string | undefined> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch('http://aifd/live', { unix: socket, signal });
    if (response.headers.get('x-aifd-control') !== '1') return `what listens on ${socket} is no aifd`;
    if (response.status === 404) return undefined;
    const figures: unknown = await response.json();
    return isLive(figures) ? figures : `the aifd at ${socket} is another version`;
  } catch (error) {
    const { name, code = '', message } = error as NodeJS.ErrnoException;
    // Its process was killed; the next that starts takes it away.
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return undefined;
    if (name === 'TimeoutError') return `the aifd at ${socket} did not answer in ${PATIENCE_MS / 1000} s`;
    if (code === 'EACCES' || code === 'EPERM')
      return `${socket} belongs to another user: run this as that user`;
    return `the aifd at ${socket} broke off: ${message}`;
  }
}

const numbers = [
  'pid',
  'open',
  'seconds',
  'requests',
  'lastSecond',
  'limited',
  'errors',
  'hits',
  'asked',
  'tokens',
];
const lists = ['durations', 'keys', 'targets'];

function isLive(value: unknown): value is LiveFigures {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    numbers.every((name) => typeof fields[name] === 'number') &&
    lists.every((name) => Array.isArray(fields[name]))
  );
}
