import { linearMask } from '../text/linear.ts';
import { duration } from './cache-kinds.ts';
import { jsonList, type Kind, Refused } from './kinds.ts';
import { mask, maskUrl } from './mask.ts';
import { readPairs } from './pairs.ts';
import { parsePrices, type PriceList } from './prices.ts';

/** How much of a log is kept: so many files, or so many seconds; neither is all. */
export interface Retention {
  readonly text: string;
  readonly files: number;
  readonly seconds: number;
}

/** A time shorter than this would be no log. Seconds. */
const LEAST_KEPT = 3600;

/** `10` files, `30d`, or `0` for all. */
export const retention: Kind<Retention> = {
  accepts: 'a number of files, as 10, or a time from 1h on, as 12h or 30d; 0 keeps all',
  placeholder: 'N|TIME',
  empty: { text: '0', files: 0, seconds: 0 },
  parse(text) {
    if (/^\d{1,6}$/.test(text)) return { text, files: Number(text), seconds: 0 };
    // Without a unit it is a number of files, and no good one.
    const seconds = /[a-z]$/i.test(text) ? duration.parse(text) : new Refused();
    if (seconds instanceof Refused) return seconds;
    return seconds < LEAST_KEPT ? new Refused() : { text, files: 0, seconds };
  },
  show: ({ text }) => text,
};

/** A pattern as it was written, and checked; `(?i)` at its start is for any case. */
function compile(source: string): RegExp | Refused {
  const anyCase = source.startsWith('(?i)');
  let pattern: RegExp;
  try {
    pattern = new RegExp(anyCase ? source.slice('(?i)'.length) : source, anyCase ? 'giu' : 'gu');
  } catch (error) {
    return new Refused((error as Error).message);
  }
  try {
    linearMask(pattern);
    return pattern;
  } catch (error) {
    const why = (error as Error).message.replace('error parsing regexp: ', '');
    return new Refused(`RE2 does not take it (${why}): no lookahead, lookbehind or backreference`);
  }
}

/** As it was written: the runtime's source of a pattern has its slashes escaped. */
function written({ source, ignoreCase }: RegExp): string {
  const plain = source.replaceAll(/\\(.)/gs, (pair, escaped) => (escaped === '/' ? '/' : pair));
  return ignoreCase ? `(?i)${plain}` : plain;
}

/** JSON list of regular expressions. */
export const patternList: Kind<readonly RegExp[]> = {
  accepts: 'JSON, a list of regular expressions: ["\\\\d{16}"]',
  placeholder: 'JSON',
  empty: [],
  parse(text) {
    const value = jsonList(text);
    if (value instanceof Refused) return value;
    const patterns: RegExp[] = [];
    for (const source of value) {
      const pattern =
        typeof source === 'string' && source !== '' ? compile(source) : new Refused('is no text');
      if (pattern instanceof Refused) return new Refused(`${JSON.stringify(source)}: ${pattern.reason}`);
      patterns.push(pattern);
    }
    return patterns;
  },
  show: (patterns) => (patterns.length === 0 ? '' : JSON.stringify(patterns.map(written))),
};

/** JSON: model → price. */
export const priceTable: Kind<PriceList> = {
  accepts:
    'JSON, {"model": {"input": USD, "cached": USD, "output": USD}, "local-*": {"input": 0}}, a million tokens',
  placeholder: 'JSON',
  empty: {},
  parse(text) {
    try {
      return parsePrices(text);
    } catch (error) {
      if (error instanceof RangeError) return new Refused(error.message);
      throw error;
    }
  },
  show: (prices) => (Object.keys(prices).length === 0 ? '' : JSON.stringify(prices)),
};

/** An http or https URL. */
export const otlpUrl: Kind<string> = {
  accepts: 'an http or https URL, as http://localhost:4318',
  placeholder: 'URL',
  empty: '',
  parse(text) {
    const url = URL.parse(text);
    return url && /^https?:$/.test(url.protocol) ? text.replace(/\/+$/, '') : new Refused();
  },
  show: maskUrl,
  conceal: maskUrl,
};

type Pairs = Readonly<Record<string, string>>;

function parsePairs(text: string): Pairs | Refused {
  try {
    return readPairs(text);
  } catch (error) {
    return new Refused((error as Error).message);
  }
}

const shownPairs = (pairs: Pairs, shown: (value: string) => string): string =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(',');

/** As OpenTelemetry writes attributes. */
export const attributePairs: Kind<Pairs> = {
  accepts: 'name=value,…, values percent-encoded',
  placeholder: 'NAME=VALUE,…',
  empty: {},
  parse: parsePairs,
  show: (pairs) => shownPairs(pairs, encodeURIComponent),
};

/** Whether it can stand in a header. */
function isField([name, value]: readonly [string, string]): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value);
}

/** As OpenTelemetry writes header fields; their values are secrets. */
export const headerPairs: Kind<Pairs> = {
  accepts: 'name=value,…, values percent-encoded: authorization=Bearer%20…',
  placeholder: 'NAME=VALUE,…',
  empty: {},
  parse(text) {
    const pairs = parsePairs(text);
    if (pairs instanceof Refused) return pairs;
    const wrong = Object.entries(pairs).findIndex((pair) => !isField(pair));
    return wrong < 0 ? pairs : new Refused(`header ${wrong + 1} can't be sent`);
  },
  show: (pairs) => shownPairs(pairs, mask),
  conceal: () => '***',
};

/** A name, any text. */
export const nameText: Kind<string> = {
  accepts: 'a name',
  placeholder: 'NAME',
  empty: '',
  parse: (text) => text,
  show: (text) => text,
};
