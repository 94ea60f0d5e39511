import { type Kind, Refused } from './kinds.ts';
import { type Limit, LimitSyntaxError, parseLimit } from './limit-grammar.ts';
import { maskUrl } from './mask.ts';

/** The limits of one route; `route` is a path that whole segments are compared with. */
export interface RouteLimit {
  readonly route: string;
  readonly limits: readonly Limit[];
  /** As it was written. */
  readonly text: string;
}

const grammar =
  'N/[M]unit, unit second to year, joined by ; , or |, as 100/2minutes or 60/minute;600/hour, or inf';

function readLimit(text: string): readonly Limit[] | Refused {
  try {
    return parseLimit(text);
  } catch (error) {
    if (error instanceof LimitSyntaxError) return new Refused(error.message);
    throw error;
  }
}

/** A limit string; empty is unlimited. */
export const limit: Kind<{ readonly text: string; readonly limits: readonly Limit[] }> = {
  accepts: grammar,
  placeholder: 'LIMIT',
  empty: { text: '', limits: [] },
  parse(text) {
    const limits = readLimit(text);
    return limits instanceof Refused ? limits : { text, limits };
  },
  show: ({ text }) => text,
};

/** JSON: route → limit string. */
export const routeLimits: Kind<readonly RouteLimit[]> = {
  accepts: `JSON, {"/route": "limit", …}; a limit is ${grammar}`,
  placeholder: 'JSON',
  empty: [],
  parse(text) {
    const entries = readObject(text);
    if (entries instanceof Refused) return entries;
    const routes: RouteLimit[] = [];
    for (const [name, value] of entries) {
      if (typeof value !== 'string') return new Refused(`"${name}" is not a text`);
      const limits = readLimit(value);
      if (limits instanceof Refused) return new Refused(`"${name}": ${limits.reason}`);
      const route = `/${name}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
      if (routes.some((other) => other.route === route)) return new Refused(`"${name}" is there twice`);
      routes.push({ route, limits, text: value });
    }
    return routes;
  },
  show: (routes) => JSON.stringify(Object.fromEntries(routes.map(({ route, text }) => [route, text]))),
};

/** JSON: route → one limit: the pace of a stream has no second window. */
export const routePaces: Kind<readonly RouteLimit[]> = {
  ...routeLimits,
  accepts: 'JSON, {"/route": "pace", …}; a pace is one limit, as 60/second, or inf',
  parse(text) {
    const routes = routeLimits.parse(text);
    if (routes instanceof Refused) return routes;
    const wrong = routes.find(({ limits }) => limits.length > 1 || limits.some(({ amount }) => amount === 0));
    return wrong ? new Refused(`"${wrong.route}": a pace is one limit, over 0`) : routes;
  },
};

function readObject(text: string): readonly (readonly [string, unknown])[] | Refused {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return new Refused((error as Error).message);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return new Refused('is no JSON object');
  const keys = Object.keys(value);
  // JSON.parse lets the last of two win without a word. Values hold no `":`, so each match is a key.
  if ((text.match(/"(?:[^"\\]|\\.)*"\s*:/g) ?? []).length > keys.length)
    return new Refused('a route is there twice');
  return Object.entries(value);
}

/** One of some words, any case. */
export function oneOf<const T extends string>(words: readonly T[], aliases: Record<string, T> = {}): Kind<T> {
  return {
    accepts: words.join(', '),
    placeholder: words.join('|'),
    empty: words[0]!,
    parse(text) {
      const word = text.toLowerCase();
      return words.find((known) => known === word) ?? aliases[word] ?? new Refused();
    },
    show: String,
  };
}

/** Where windows live: `lmdb`, `memory`, or a Redis URL, whose password is never shown. */
export const windowBackend: Kind<string> = {
  accepts: 'lmdb, memory, redis://[user:password@]host[:port][/db] or rediss://…',
  placeholder: 'lmdb|memory|redis://…',
  empty: 'lmdb',
  parse(text) {
    const word = text.toLowerCase().replace(/:\/\/$/, '');
    if (word === 'lmdb' || word === 'memory') return word;
    return /^rediss?:\/\/[^/\s]/i.test(text) && URL.canParse(text) ? text : new Refused();
  },
  show: maskUrl,
  conceal: maskUrl,
};

/** A folder; it is made when it is first needed. */
export const folder: Kind<string> = {
  accepts: 'a path',
  placeholder: 'DIR',
  empty: 'data',
  parse: (text) => (text.includes('\0') ? new Refused('holds a NUL byte') : text),
  show: String,
};
