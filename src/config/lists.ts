import { isIP } from 'node:net';
import { jsonList, type Kind, Refused } from './kinds.ts';
import { mask, maskKeys, maskUrl } from './mask.ts';

type Entry<T> = (text: string) => T | Refused;

/** Reads a comma-separated list; every entry must be good, and none empty. */
function eachOf<T>(text: string, entry: Entry<T>): readonly T[] | Refused {
  const values: T[] = [];
  for (const [index, part] of text.split(',').entries()) {
    const trimmed = part.trim();
    const value = trimmed === '' ? new Refused('is empty') : entry(trimmed);
    if (value instanceof Refused) return new Refused(`entry ${index + 1} ${value.reason}`);
    values.push(value);
  }
  return values;
}

function list<T>(kind: {
  accepts: string;
  placeholder: string;
  entry: Entry<T>;
  show?: (value: T) => string;
  conceal?: (text: string) => string;
}): Kind<readonly T[]> {
  const { accepts, placeholder, entry, conceal, show = String } = kind;
  return {
    accepts,
    placeholder,
    empty: [],
    parse: (text) => eachOf(text, entry),
    show: (values) => values.map(show).join(','),
    ...(conceal && { conceal }),
  };
}

/** Base URLs of upstreams: the path is kept, without its last slash. */
export const urlList = list<string>({
  accepts: 'http or https URLs with commas between, without user, password, query or fragment',
  placeholder: 'URL,…',
  entry: parseBaseUrl,
  conceal: maskUrl,
});

function parseBaseUrl(text: string): string | Refused {
  // URL would quietly drop tabs, turn `\` to `/` and take `http:host`.
  const url = /^https?:\/\/[^/\\\s]/i.test(text) && !/[\\\s]/.test(text) ? URL.parse(text) : null;
  if (!url) return new Refused('is not an http or https URL');
  if (url.username !== '' || url.password !== '' || /^https?:\/\/[^/?#]*@/i.test(text)) {
    return new Refused('holds a user or password: put the key into OPENAI_API_KEY or EXTRA_API_KEY');
  }
  if (/[?#]/.test(text)) return new Refused('has a query or a fragment');
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/** Route prefixes, each with a leading slash and without a last one; `/` is itself. */
export const prefixList = list<string>({
  accepts: 'paths with commas between, as / or /localai or /a/b',
  placeholder: '/PATH,…',
  entry: parsePrefix,
});

function parsePrefix(text: string): string | Refused {
  const path = `/${text}`.replace(/^\/+/, '/').replace(/\/+$/, '');
  if (path === '') return '/';
  // Requests are matched on the path as it arrived: an escape, a dot segment or `\` could never match safely.
  if (/[%\\]/.test(path)) return new Refused('has a percent escape or a backslash');
  const segments = path.slice(1).split('/');
  if (segments.some((part) => part === '' || part === '.' || part === '..')) {
    return new Refused('has an empty or a dot segment');
  }
  if (!/^[A-Za-z0-9._~!$&'()*+;=:@/-]+$/.test(path)) return new Refused('has a character no path may hold');
  return path === '/healthz' || path === '/readyz' ? new Refused(`is ${path}, which aifd answers`) : path;
}

/** Addresses and CIDR blocks, v4 and v6, as written. */
export const addressList = list<string>({
  accepts: 'addresses or CIDR blocks with commas between, as 10.0.0.0/8,192.0.2.7,2001:db8::/32',
  placeholder: 'ADDRESS,…',
  entry(text) {
    const [address = '', bits, ...rest] = text.split('/');
    const version = isIP(address);
    if (version === 0 || rest.length > 0 || address.includes('%')) return new Refused('is not an address');
    const longest = version === 4 ? 32 : 128;
    if (bits === undefined) return text;
    return /^\d{1,3}$/.test(bits) && Number(bits) <= longest
      ? text
      : new Refused(`has a prefix length that is not from 0 to ${longest}`);
  },
});

const statuses = list<number>({
  accepts: 'HTTP statuses from 400 to 599 with commas between, or none',
  placeholder: 'STATUS,…',
  entry: (text) => (/^[45]\d\d$/.test(text) ? Number(text) : new Refused('is not a status from 400 to 599')),
});

/** Statuses; `none` is the empty list (an empty text would mean the default). */
export const statusList: Kind<readonly number[]> = {
  ...statuses,
  parse: (text) => (text.toLowerCase() === 'none' ? [] : statuses.parse(text)),
  show: (values) => (values.length === 0 ? 'none' : statuses.show(values)),
};

/** Origins that browsers may call from; `*` alone is any. */
export const originList: Kind<readonly string[]> = (() => {
  const origins = list<string>({
    accepts: '* alone, or origins with commas between, as https://chat.example',
    placeholder: 'ORIGIN,…',
    conceal: maskUrl,
    entry(text) {
      const url = /^https?:\/\/[^/\\\s?#@]+\/?$/i.test(text) ? URL.parse(text) : null;
      return url?.origin ?? new Refused('is not an http or https origin (scheme, host and port, no path)');
    },
  });
  return { ...origins, parse: (text: string) => (text === '*' ? ['*'] : origins.parse(text)) };
})();

function parseKey(text: string): string | Refused {
  // Anything else can't stand in a header, or would not come out of it as it went in.
  return /^[\x21-\x7e]+$/.test(text) ? text : new Refused('has a space, control or non-ASCII character');
}

/** Keys, in the order that they are used. */
export const keyList = list<string>({
  accepts: 'keys of printable ASCII with commas between, none of them empty',
  placeholder: 'KEY,…',
  entry: parseKey,
  show: mask,
  conceal: maskKeys,
});

/** For each position its own keys, `|` between them; a position may be empty. */
export const nestedKeyList: Kind<readonly (readonly string[])[]> = {
  accepts: 'for each extra target its keys, commas between targets, | between the keys of one (may be empty)',
  placeholder: 'KEY|KEY,…',
  empty: [],
  parse(text) {
    const positions: (readonly string[])[] = [];
    for (const position of text.split(',')) {
      const keys = position.trim() === '' ? [] : eachOf(position.replaceAll('|', ','), parseKey);
      if (keys instanceof Refused) return new Refused(`position ${positions.length + 1}, ${keys.reason}`);
      positions.push(keys);
    }
    return positions;
  },
  show: (positions) => positions.map((keys) => keys.map(mask).join('|')).join(','),
  conceal: maskKeys,
};

/** JSON list of paths; `/*` at the end is everything below. */
export const routeList: Kind<readonly string[]> = {
  accepts: 'JSON, ["/route", "/below/*", …]',
  placeholder: 'JSON',
  empty: [],
  parse(text) {
    const value = jsonList(text);
    if (value instanceof Refused) return value;
    const wrong = value.find((route) => typeof route !== 'string' || !/^\/[^\s?#*]*(?:\/\*)?$/.test(route));
    if (wrong !== undefined) return new Refused(`${JSON.stringify(wrong)} is no path from / on`);
    return (value as string[]).map((route) => route.replace(/\/+/g, '/').replace(/(.)\/$/, '$1'));
  },
  show: (routes) => (routes.length === 0 ? '' : JSON.stringify(routes)),
};
