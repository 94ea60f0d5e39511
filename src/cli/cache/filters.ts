import { Refused } from '../../config/kinds.ts';
import { duration } from '../../config/cache-kinds.ts';
import type { EntryStore, Listed } from '../../store/entries/store.ts';
import { UsageError } from '../exit.ts';
import type { Arguments } from '../arguments.ts';

/** Options that say which entries; all that are given must hold. */
export const filterValues = ['model', 'route', 'older-than', 'id'] as const;
export const filterSwitches = ['expired'] as const;

export interface Filter {
  /** Whether there is any option of a filter. */
  readonly isSet: boolean;
  readonly takes: (listed: Listed) => boolean;
}

type Test = (listed: Listed) => boolean;

/** @throws UsageError for a value that can't be read */
export function readFilter({ values, switches }: Arguments): Filter {
  const now = Date.now();
  const tests: Test[] = [];
  const model = values.get('model');
  if (model !== undefined) tests.push(({ about }) => matches(model, about.model));
  const route = values.get('route');
  if (route !== undefined) tests.push(({ about }) => isRoute(route, about.route));
  const age = values.get('older-than');
  if (age !== undefined) {
    const before = now - readTime('--older-than', age) * 1000;
    tests.push(({ about }) => about.storedAt < before);
  }
  const id = values.get('id');
  if (id !== undefined) {
    const start = readId(id, '--id');
    tests.push((listed) => listed.key.startsWith(start));
  }
  if (switches.has('expired')) tests.push(({ about }) => isExpired(about, now));
  return { isSet: tests.length > 0, takes: (listed) => tests.every((test) => test(listed)) };
}

export const isExpired = ({ expiresAt }: Listed['about'], now: number): boolean =>
  expiresAt !== 0 && expiresAt <= now;

/** Seconds. @throws UsageError */
export function readTime(flag: string, text: string): number {
  const seconds = duration.parse(text);
  if (seconds instanceof Refused) throw new UsageError(`${flag} is '${text}'; accepted: ${duration.accepts}`);
  return seconds;
}

/** An entry's ID or its beginning. @throws UsageError */
export function readId(text: string, what: string): string {
  const id = text.toLowerCase();
  if (/^[0-9a-f]{1,32}$/.test(id)) return id;
  throw new UsageError(`${what} is '${text}', which is not an entry ID (see aifd cache list)`);
}

const bare = (text: string): string => text.split('?')[0]!;

/** A route is asked for as a list shows it, without its method, or without its query. */
function isRoute(wanted: string, route: string): boolean {
  const path = route.slice(route.indexOf(' ') + 1);
  return [route, path, bare(route), bare(path)].some((text) => matches(wanted, text));
}

/** A `*` stands for anything. */
function matches(wanted: string, text: string): boolean {
  if (!wanted.includes('*')) return wanted === text;
  const pieces = wanted.split('*');
  const [first, last] = [pieces[0]!, pieces.at(-1)!];
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at <= text.length - last.length;
}

/** All entries that a filter takes. */
export async function select(store: EntryStore, { takes }: Filter): Promise<Listed[]> {
  const all: Listed[] = [];
  for await (const listed of store.list()) if (takes(listed)) all.push(listed);
  return all;
}
