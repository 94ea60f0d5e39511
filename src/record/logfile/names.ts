/** What a name of a rotated file adds before its ending: when it was put away, in UTC, to the microsecond. */
const stamp = /^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_\d{6}$/;

interface Split {
  readonly stem: string;
  readonly ending: string;
}

/** @param name - of a file: `chat.log` */
function split(name: string): Split {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? { stem: name, ending: '' } : { stem: name.slice(0, dot), ending: name.slice(dot) };
}

/**
 * `chat.2026-11-23_12-00-00_000000.log`: the form of the original's rotated files, which its `convert` finds by `*.log`; names sort
 * as the files were put away.
 *
 * @param microseconds - since the epoch
 */
export function rotatedName(name: string, microseconds: number): string {
  const { stem, ending } = split(name);
  const text = new Date(Math.floor(microseconds / 1000)).toISOString();
  const fraction = text.slice(20, 23) + String(microseconds % 1000).padStart(3, '0');
  return `${stem}.${text.slice(0, 10)}_${text.slice(11, 19).replaceAll(':', '-')}_${fraction}${ending}`;
}

/** When a file was put away, microseconds since the epoch; undefined when it is no rotated file of `name`. */
export function rotatedAt(name: string, candidate: string): number | undefined {
  const { stem, ending } = split(name);
  if (!candidate.startsWith(`${stem}.`) || !candidate.endsWith(ending)) return undefined;
  const text = candidate.slice(stem.length + 1, candidate.length - ending.length);
  if (!stamp.test(text)) return undefined;
  const time = `${text.slice(11, 19).replaceAll('-', ':')}.${text.slice(20, 23)}`;
  const at = Date.parse(`${text.slice(0, 10)}T${time}Z`);
  return Number.isNaN(at) ? undefined : at * 1000 + Number(text.slice(23));
}

/**
 * Those that are files of logs, oldest first: dated ones (`chat.2026-11-23_12-00-00_000000.log`, `chat.log.2026-01-31`), numbered
 * ones (`chat.log.2` before `chat.log.1`), then those that are written to.
 *
 * @param names - all there are in a folder
 */
export function logsByAge(names: readonly string[]): string[] {
  return names
    .filter((name) => logName.test(name))
    .map((name) => ({ name, age: ageOf(name) }))
    .toSorted(
      (a, b) =>
        a.age.rank - b.age.rank ||
        b.age.number - a.age.number ||
        compare(a.age.date, b.age.date) ||
        compare(a.name, b.name),
    )
    .map(({ name }) => name);
}

/** The same for one log of the folder. @param name - of the file that is written to */
export function filesOfLog(name: string, names: readonly string[]): string[] {
  const { stem } = split(name);
  return logsByAge(
    names.filter(
      (candidate) =>
        candidate === name || (candidate.startsWith(`${stem}.`) && ageOf(candidate).rank !== CURRENT),
    ),
  );
}

const logName = /\.log(?:\.[\d._T:-]+)?$/;
const CURRENT = 2;

function ageOf(name: string): { rank: number; number: number; date: string } {
  const number = /\.log\.(\d{1,7})$/.exec(name)?.[1];
  if (number !== undefined) return { rank: 1, number: Number(number), date: '' };
  const date = /\d{4}-?\d\d-?\d\d[\d._T:-]*/.exec(name)?.[0];
  return { rank: date === undefined ? CURRENT : 0, number: 0, date: date ?? '' };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
