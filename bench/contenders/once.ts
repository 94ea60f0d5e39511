import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes a folder unless it was made for the same `what` before; one that was left half made is made anew.
 *
 * @param make fills it. @returns by what
 * @returns what there is now, as a line for a person
 */
export async function once(
  parent: string,
  name: string,
  what: string,
  make: (folder: string) => Promise<string>,
): Promise<string> {
  const folder = join(parent, name);
  const mark = Bun.file(join(folder, '.installed'));
  if ((await mark.exists()) && (await mark.text()) === what) return `already in ${folder}`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const by = await make(folder);
  // Last, so that a folder without it is known as broken.
  await mark.write(what);
  return `installed by ${by} in ${folder}`;
}
