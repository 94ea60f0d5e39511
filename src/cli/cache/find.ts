import type { EntryStore, Listed } from '../../store/entries/store.ts';
import { CacheProblem } from './problem.ts';
import { shortKey } from './words.ts';

/** IDs listed in the message when several match. */
const SHOWN = 5;

/**
 * The one entry whose ID starts with `start`.
 * @throws CacheProblem when there is none, or more than one
 */
export async function findOne(store: EntryStore, start: string): Promise<Listed> {
  const found: Listed[] = [];
  for await (const listed of store.list()) if (listed.key.startsWith(start)) found.push(listed);
  return onlyOne(found, start);
}

/** @throws CacheProblem when there is none, or more than one */
export function onlyOne(found: readonly Listed[], start: string): Listed {
  if (found.length === 1) return found[0]!;
  if (found.length === 0) throw new CacheProblem(`no entry has an ID that starts with ${start}`);
  // Whole IDs where their first twelve digits are equal.
  const full = new Set(found.map(({ key }) => shortKey(key))).size < found.length;
  const shown = found.slice(0, SHOWN).map(({ key }) => (full ? key : shortKey(key)));
  const more = found.length > SHOWN ? ', …' : '';
  throw new CacheProblem(`${found.length} entry IDs start with ${start}: ${shown.join(', ')}${more}`);
}
