import { randomBytes } from 'node:crypto';
import type { Config } from '../../config/options.ts';
import { refuse } from '../errors.ts';

/** Where a key stood in the request, and so where the real one goes. */
export type Place = 'authorization' | 'x-api-key' | 'api-key' | 'x-goog-api-key' | 'query' | 'protocol';

/** What is done about a request's credentials on their way upstream; `key` is the one that the client is known by. */
export type Credentials =
  /** They go as they came. */
  | { readonly kind: 'pass'; readonly key?: string }
  /** All that the client sent are taken out; a real key, if the target has one, goes to `place`. */
  | {
      readonly kind: 'replace';
      readonly place: Place;
      readonly key: string;
      /** It is one of FORWARD_KEY. */
      readonly isChecked: true;
      /** Whom that key is counted for, once it was computed. */
      user?: string;
    }
  /** The same where no FORWARD_KEY is set: nobody checks what the client sends. */
  | {
      readonly kind: 'replace';
      readonly place: Place;
      readonly key: string | undefined;
      readonly isChecked: false;
    };

/** Header fields that carry a key, in the order in which they are looked at. */
const keyHeaders = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const;

/** The header names that {@link Credentials} `replace` takes out. */
export const placesOfKeys: ReadonlySet<string> = new Set<string>(keyHeaders);

/** Browsers can't set headers on a WebSocket: OpenAI lets them send the key as a sub-protocol. */
const keyProtocol = 'openai-insecure-api-key.';

const pass: Credentials = { kind: 'pass' };

/** Decides whether a request's key lets it in, and what becomes of the key. */
export class Keyring {
  /** Keyed by a digest under a secret of this process: no lookup's timing tells anything of a key. */
  private readonly digests: ReadonlySet<string>;
  private readonly secret = randomBytes(32);
  private readonly allowClientKeys: boolean;
  /** Header values that were let in: as many as there are forward keys. What is wrong finds nothing here. */
  private readonly admitted = new Map<string, Credentials>();

  constructor(config: Pick<Config, 'forwardKey' | 'allowClientKeys'>) {
    this.digests = new Set(config.forwardKey.map((key) => this.digest(key)));
    this.allowClientKeys = config.allowClientKeys;
  }

  /**
   * @param hasRealKeys - the target has keys of its own
   * @returns what to do with the credentials, or the refusal
   */
  admit(request: Request, path: string, hasRealKeys: boolean): Credentials | Response {
    if (this.digests.size === 0 && !hasRealKeys) return pass;
    // As the SDKs send it, and first of all places: the usual request needs no look at the others.
    const authorization = request.headers.get('authorization');
    const known = authorization === null ? undefined : this.admitted.get(authorization);
    if (known) return known;
    const bearer = bearerKey(authorization);
    if (bearer !== undefined && this.digests.has(this.digest(bearer))) {
      const credentials = { kind: 'replace', place: 'authorization', key: bearer, isChecked: true } as const;
      this.admitted.set(authorization!, credentials);
      return credentials;
    }
    const sent = presented(request.headers, path);
    const first = sent[0];
    if (this.digests.size === 0)
      return { kind: 'replace', place: first?.place ?? 'authorization', key: first?.key, isChecked: false };
    const forward = sent.find(({ key }) => this.digests.has(this.digest(key)));
    if (forward) return { kind: 'replace', place: forward.place, key: forward.key, isChecked: true };
    if (sent.length === 0) return refuse('missing_api_key');
    return this.allowClientKeys && !this.hidesForwardKey(request.headers) ? pass : refuse('invalid_api_key');
  }

  /** Under another scheme, or a scheme where none belongs, it opens nothing: but it must not go upstream either. */
  private hidesForwardKey(headers: Headers): boolean {
    const words = keyHeaders.flatMap((name) => headers.get(name)?.split(/[\s,]+/) ?? []);
    return words.some((word) => this.digests.has(this.digest(word)));
  }

  private digest(key: string): string {
    return new Bun.CryptoHasher('sha256', this.secret).update(key).digest('base64');
  }
}

interface Presented {
  readonly place: Place;
  readonly key: string;
}

/** The key of a plain `Bearer KEY`; undefined for anything else. */
function bearerKey(authorization: string | null): string | undefined {
  if (authorization === null || !authorization.startsWith('Bearer ')) return undefined;
  const key = authorization.slice('Bearer '.length);
  return /[\s,]/.test(key) ? undefined : key;
}

/** The first key of a request at the usual places; an Authorization of another scheme than Bearer, whole. */
export function firstKey(headers: Headers, path: string): string | undefined {
  const authorization = headers.get('authorization');
  const bearer = bearerKey(authorization);
  if (bearer !== undefined || authorization === null) return bearer ?? presented(headers, path)[0]?.key;
  const [first] = presented(headers, path);
  return first?.place === 'authorization' ? first.key : `authorization:${authorization}`;
}

/** Every key in the request, at all its places: a field sent twice comes joined by a comma, and each half counts. */
function presented(headers: Headers, path: string): Presented[] {
  const found: Presented[] = [];
  for (const place of keyHeaders) {
    const value = headers.get(place);
    if (value === null) continue;
    for (const part of value.split(',')) {
      const key = place === 'authorization' ? /^\s*bearer +(\S+)\s*$/i.exec(part)?.[1] : part.trim();
      if (key) found.push({ place, key });
    }
  }
  for (const key of queryKeys(path)) found.push({ place: 'query', key });
  const offered = headers.get('sec-websocket-protocol');
  if (offered?.includes(keyProtocol)) {
    for (const name of protocolNames(offered)) {
      if (name.startsWith(keyProtocol))
        found.push({ place: 'protocol', key: name.slice(keyProtocol.length) });
    }
  }
  return found;
}

function queryKeys(path: string): string[] {
  const mark = path.indexOf('?');
  if (mark < 0) return [];
  const parts = path
    .slice(mark + 1)
    .split('&')
    .filter(isKeyParameter);
  return parts.map((part) => decoded(part.slice(part.indexOf('=') + 1))).filter((key) => key !== '');
}

/** `key=…`, however its name is escaped: the upstream would read it so. */
export function isKeyParameter(part: string): boolean {
  const equals = part.indexOf('=');
  const name = equals < 0 ? part : part.slice(0, equals);
  return name === 'key' || (name.includes('%') && decoded(name) === 'key');
}

/** The text of a query parameter's name or value; as it is where its escapes are none. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function protocolNames(offered: string): string[] {
  return offered.split(',').map((name) => name.trim());
}

/**
 * The client's sub-protocols with any key among them taken out, and the real key in its place when it goes there.
 * @param real - the real key, when the client's stood among the sub-protocols
 * @returns null when none is left
 */
export function replaceProtocolKey(offered: string, real: string | undefined): string | null {
  const kept = protocolNames(offered).filter((name) => !name.startsWith(keyProtocol));
  if (real !== undefined) kept.push(keyProtocol + real);
  return kept.length === 0 ? null : kept.join(', ');
}

/**
 * The sub-protocol to tell the client when the upstream chose `chosen`: one that holds the real key is the client's
 * own key's again.
 * @param offered - the client's `Sec-WebSocket-Protocol`
 */
export function chosenProtocol(chosen: string, offered: string | null): string | undefined {
  if (!chosen.startsWith(keyProtocol)) return chosen;
  return offered === null ? undefined : protocolNames(offered).find((name) => name.startsWith(keyProtocol));
}

/** The path with every `key` parameter taken out; all else stays as the client wrote it. */
export function withoutQueryKeys(path: string): string {
  const mark = path.indexOf('?');
  if (mark < 0) return path;
  const kept = path
    .slice(mark + 1)
    .split('&')
    .filter((part) => !isKeyParameter(part));
  return kept.length === 0 ? path.slice(0, mark) : `${path.slice(0, mark)}?${kept.join('&')}`;
}

/** Every key of the configuration: what must not be written anywhere. */
export function keysOf(config: Pick<Config, 'forwardKey' | 'openaiApiKey' | 'extraApiKey'>): string[] {
  return [...config.forwardKey, ...config.openaiApiKey, ...config.extraApiKey.flat()];
}
