import { accessSync, constants, statSync } from 'node:fs';
import { maskUrl } from './mask.ts';

/** A parser's "no": `reason` (optional) says what is wrong, and never holds a secret. */
export class Refused {
  constructor(readonly reason = '') {}
}

/** Reads a JSON list, whatever is in it. */
export function jsonList(text: string): unknown[] | Refused {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return new Refused((error as Error).message);
  }
  return Array.isArray(value) ? value : new Refused('is no JSON list');
}

/** How one sort of option is read from text, shown, and described to the user. */
export interface Kind<T> {
  /** What is accepted, as it ends the sentence "accepted: …". */
  readonly accepts: string;
  /** The placeholder in `--help`. */
  readonly placeholder: string;
  /** The value of an option whose default is the empty text. */
  readonly empty: T;
  /** Set when the option may stand alone as a flag: `--allow-client-keys`. */
  readonly bare?: string;
  parse(text: string): T | Refused;
  /** The value as `aifd config` prints it, secrets masked. */
  show(value: T): string;
  /** Refused text as a problem shows it; only for kinds that may hold a secret. */
  conceal?(text: string): string;
}

/** Digits only; the range is inclusive. */
export function integer(min: number, max: number): Kind<number> {
  return {
    accepts: `a whole number from ${min} to ${max}`,
    placeholder: 'N',
    empty: min,
    parse(text) {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
      return value >= min && value <= max ? value : new Refused();
    },
    show: String,
  };
}

/** A timer of the runtime holds at most 2^31 - 1 ms, about 24 days; more would fire at once. */
const longestSeconds = 2_000_000;

/** A number without an exponent, which no option takes. */
export function decimal(value: number): string {
  return value === 0 || value >= 1e-6 ? String(value) : value.toFixed(20).replace(/0+$/, '');
}

/** Seconds, fractions allowed; `unit` may be written (`0.5`, `10`, `10s`, `500ms`, `2m`). */
export const seconds: Kind<number> = {
  accepts: `seconds from 0 to ${longestSeconds}, as 10, 0.5, 500ms, 10s or 2m`,
  placeholder: 'SECONDS',
  empty: 0,
  parse(text) {
    const match = /^(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|m)?$/i.exec(text);
    if (!match) return new Refused();
    const factor = { ms: 0.001, s: 1, m: 60 }[(match[2] ?? 's').toLowerCase() as 'ms' | 's' | 'm'];
    const value = Number(match[1]) * factor;
    return value <= longestSeconds ? value : new Refused();
  },
  show: decimal,
};

const byteUnits: Record<string, number> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Bytes; `kb`, `mb` and `gb` are powers of 1,024, as `kib`, `mib` and `gib` are. */
export const byteSize: Kind<number> = {
  accepts: 'bytes, as 0, 1048576, 512kb, 25mb or 1gb',
  placeholder: 'BYTES',
  empty: 0,
  parse(text) {
    const match = /^(\d+(?:\.\d+)?)\s*(b|[kmg](?:i?b)?)?$/i.exec(text);
    if (!match) return new Refused();
    const unit = (match[2] ?? '').toLowerCase().slice(0, 1);
    const value = Math.round(Number(match[1]) * (byteUnits[unit] ?? NaN));
    return Number.isSafeInteger(value) ? value : new Refused();
  },
  show: String,
};

const booleans: Record<string, boolean> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
};

/** A switch; as a flag it may stand without a value. */
export const boolean: Kind<boolean> = {
  accepts: 'true or false (or yes, no, on, off, 1, 0)',
  placeholder: 'BOOL',
  empty: false,
  bare: 'true',
  parse: (text) => booleans[text.toLowerCase()] ?? new Refused(),
  show: String,
};

/** A name or an address to listen on. */
export const host: Kind<string> = {
  accepts: 'a host name or an address, as 0.0.0.0, ::, 127.0.0.1 or localhost',
  placeholder: 'HOST',
  empty: '0.0.0.0',
  parse: (text) => (/^[A-Za-z0-9._:-]+$/.test(text) ? text : new Refused()),
  show: String,
};

/** A file that this process can read. */
export const filePath: Kind<string | undefined> = {
  accepts: 'the path of a file that can be read',
  placeholder: 'FILE',
  empty: undefined,
  parse(text) {
    try {
      accessSync(text, constants.R_OK);
      return statSync(text).isFile() ? text : new Refused('that is not a file');
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      return new Refused(missing ? 'there is no such file' : 'that file cannot be read');
    }
  },
  show: (value) => value ?? '',
};

/** The one way out for upstream traffic. Bun's fetch speaks http and https proxies only. */
export const proxyUrl: Kind<string | undefined> = {
  accepts: 'the URL of an http or https proxy, as http://user:password@proxy.example:3128',
  placeholder: 'URL',
  empty: undefined,
  parse(text) {
    const url = URL.parse(text);
    if (!url) return new Refused('that is not a URL');
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      return new Refused(`proxies of the kind ${url.protocol.slice(0, -1)} are not supported`);
    }
    if (!isEscaped(url.username) || !isEscaped(url.password)) {
      return new Refused('a % in its user or password starts no escape: write a % as %25');
    }
    const bare = url.pathname === '/' && url.search === '' && url.hash === '' && !/[\s\\]/.test(text);
    return bare ? url.href.replace(/\/$/, '') : new Refused('a proxy has no path, query or fragment');
  },
  show: (value) => (value === undefined ? '' : maskUrl(value)),
  conceal: maskUrl,
};

/** Whether it can be decoded, which the proxy's credentials are before they are sent. */
function isEscaped(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
