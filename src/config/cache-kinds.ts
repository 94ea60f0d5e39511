import { byteSize, decimal, type Kind, Refused } from './kinds.ts';
import { maskUrl } from './mask.ts';

const durationUnits: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };
const longest = 100 * 365 * durationUnits['d']!;

/** A span of time, in seconds; read as {@link seconds} is, and longer. */
export const duration: Kind<number> = {
  accepts: 'a time, as 0, 90, 500ms, 30s, 15m, 24h or 7d, up to 36500d',
  placeholder: 'TIME',
  empty: 0,
  parse(text) {
    const match = /^(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|m|h|d)?$/i.exec(text);
    if (!match) return new Refused();
    const value = Number(match[1]) * durationUnits[(match[2] ?? 's').toLowerCase()]!;
    return value <= longest ? value : new Refused();
  },
  show: decimal,
};

/** A span of time of at least so many seconds. */
export function durationFrom(least: number): Kind<number> {
  return {
    ...duration,
    accepts: `${duration.accepts}, at least ${least / durationUnits['d']!}d`,
    empty: least,
    parse(text) {
      const value = duration.parse(text);
      return value instanceof Refused || value >= least ? value : new Refused('that is too short');
    },
  };
}

/** Bytes, at least so many. */
export function sizeFrom(least: number): Kind<number> {
  const accepts = `bytes, as 1048576, 512kb, 25mb or 1gb, at least ${least}`;
  return {
    ...byteSize,
    accepts,
    empty: least,
    parse(text) {
      const value = byteSize.parse(text);
      return value instanceof Refused || value >= least ? value : new Refused('that is too little');
    },
  };
}

const isRedisUrl = (text: string): boolean => /^rediss?:\/\/[^/\s]/i.test(text) && URL.canParse(text);
const engines: ReadonlySet<string> = new Set(['memory', 'lmdb', 'leveldb', 'rocksdb', 'redis']);

/** Where answers are kept: an engine's name, or a Redis URL, whose password is never shown. */
export const cacheBackend: Kind<string> = {
  accepts: 'MEMORY, LMDB, LEVELDB, ROCKSDB, redis://[user:password@]host[:port][/db] or rediss://…',
  placeholder: 'MEMORY|LMDB|LEVELDB|ROCKSDB|redis://…',
  empty: 'memory',
  parse(text) {
    const word = text.toLowerCase();
    if (engines.has(word)) return word;
    return isRedisUrl(text) ? text : new Refused();
  },
  show: maskUrl,
  conceal: maskUrl,
};

/** A folder, or a Redis URL. */
export const cacheRoot: Kind<string> = {
  accepts: 'the path of a folder, or redis://… where CACHE_BACKEND is redis',
  placeholder: 'DIR|URL',
  empty: '',
  parse(text) {
    if (text.includes('\0')) return new Refused('holds a NUL byte');
    return !/^[a-z]+:\/\//i.test(text) || isRedisUrl(text) ? text : new Refused('is no Redis URL');
  },
  // A folder's name may have any character.
  show: (text) => (isRedisUrl(text) ? maskUrl(text) : text),
  conceal: maskUrl,
};
