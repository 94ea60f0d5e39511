import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { logsByAge } from '../../record/logfile/names.ts';

/** The chat log of one target prefix: its files, the oldest first. */
export interface ChatLogFiles {
  /** `openai` for the root. */
  readonly prefix: string;
  readonly files: readonly string[];
  /** Compressed ones, which are not read. */
  readonly passedOver: readonly string[];
}

/**
 * Finds chat logs: under the folder of all logs, of one prefix, or in the very folder of a chat log.
 *
 * @returns none when there is no such folder, or nothing in it
 */
export function findChatLogs(folder: string): ChatLogFiles[] {
  const own = logsIn(folder, prefixOfChatFolder(folder));
  if (own) return [own];
  const below = logsIn(join(folder, 'chat'), basename(resolve(folder)));
  if (below) return [below];
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => logsIn(join(folder, name, 'chat'), name))
    .filter((found) => found !== undefined)
    .toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1));
}

function prefixOfChatFolder(folder: string): string {
  const path = resolve(folder);
  return basename(path) === 'chat' ? basename(dirname(path)) : basename(path);
}

function logsIn(folder: string, prefix: string): ChatLogFiles | undefined {
  const names = entriesOf(folder)
    .filter((entry) => isFile(folder, entry))
    .map(({ name }) => name);
  const files = logsByAge(names);
  if (files.length === 0) return undefined;
  const at = (name: string): string => join(folder, name);
  return { prefix, files: files.map(at), passedOver: names.filter(isCompressed).map(at) };
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

function isFile(folder: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return statSync(join(folder, entry.name), { throwIfNoEntry: false })?.isFile() ?? false;
}

const compressed = /\.(?:gz|zst|br|xz|zip|bz2)$/;

function isCompressed(name: string): boolean {
  return compressed.test(name) && name.includes('.log');
}
