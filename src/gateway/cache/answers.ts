import type { Config } from '../../config/options.ts';
import type { Entry } from '../../store/entries/store.ts';
import { valueOf } from '../headers.ts';
import { WireFailure } from '../upstream/wire/failure.ts';
import type { ResponseHead } from '../upstream/wire/head.ts';
import { IncomingBody } from '../upstream/wire/incoming.ts';
import type { Answer } from '../upstream/wire/types.ts';
import { keepable } from '../../openai/keepable.ts';
import type { Asked } from './question.ts';
import type { Family } from '../../openai/family.ts';
import { allowsStoring } from './upstream-words.ts';
import { type Kept, replayOf } from '../../openai/replay/replay.ts';

/** Fields that say something of the answer and not of the exchange that brought it. */
const replayedFields: ReadonlySet<string> = new Set([
  'content-type',
  'content-disposition',
  'content-language',
  'openai-model',
  'openai-version',
]);

/** An answer that is kept has no upstream behind it. */
const noSource = { pause() {}, resume() {}, cancel() {} };

/** Adds our `Cache-Status` to an answer; a failure has no head to put it in. */
export function stamped<T extends Answer | WireFailure>(outcome: T, status: string): T {
  if (!(outcome instanceof WireFailure)) outcome.head.headers.push(['cache-status', status]);
  return outcome;
}

/** A kept answer in the form that was asked for; undefined when that can't be made of it. */
export function answerOf(entry: Entry, family: Family, asked: Asked): Answer | undefined {
  const contentType = valueOf(entry.headers, 'content-type') ?? '';
  const replay = replayed(entry, contentType, family, asked);
  if (!replay) return undefined;
  const body = new IncomingBody(noSource);
  body.push(replay.body);
  body.end();
  const headers = entry.headers.map(([name, value]): [string, string] => [
    name,
    name === 'content-type' ? replay.contentType : value,
  ]);
  const framing = { kind: 'length', length: replay.body.length } as const;
  const head = {
    status: 200,
    headers,
    framing,
    keepAlive: true,
    keepAliveSeconds: undefined,
    upgrade: false,
  };
  return { head, body, upgraded: undefined };
}

function replayed(
  { about, body }: Entry,
  contentType: string,
  family: Family,
  asked: Asked,
): Kept | undefined {
  const kept = { contentType, body };
  // The key tells their forms apart already.
  if (isKeyedByForm(family)) return kept;
  // An upstream that was asked for usage and gave none would give none again.
  const found = replayOf(family, kept, asked);
  if (found || !asked.includeUsage || about.usageAsked !== true) return found;
  return replayOf(family, kept, { stream: asked.stream, includeUsage: false });
}

/** No other form can be made of what they give. */
export const isKeyedByForm = (family: Family): boolean => family === 'other' || family === 'embeddings';

/** Whether a response may be stored, by its head. */
export function mayBeKept(head: ResponseHead, config: Config): boolean {
  const { status, headers } = head;
  const isReadable = status === 200 && (valueOf(headers, 'content-encoding') ?? 'identity') === 'identity';
  return isReadable && allowsStoring(head, config);
}

/** It is whole, and no error. */
export function isKeepable(head: ResponseHead, whole: Uint8Array, family: Family): boolean {
  const type = valueOf(head.headers, 'content-type') ?? '';
  return keepable(family, type, whole, head.framing.kind !== 'close');
}

/** The same of an entry that older rules stored: its end is looked at anew. */
export function isWhole({ headers, body }: Entry, family: Family): boolean {
  return keepable(family, valueOf(headers, 'content-type') ?? '', body);
}

/** What is kept of a request. */
export interface EntrySource extends Pick<
  Asked,
  'key' | 'canonical' | 'route' | 'model' | 'user' | 'includeUsage'
> {
  /** Base URL of the target. */
  readonly target: string;
  readonly vary: Entry['about']['vary'];
  /** The upstream's word against it was ignored. */
  readonly overruled: boolean;
  readonly family: Family;
}

/** Counts up when a response that older rules stored would not be stored any more. */
export const RULES = 3;

/** What is kept of an answer; undefined when it is too large. */
export function entryOf(
  source: EntrySource,
  head: ResponseHead,
  body: Uint8Array,
  config: Config,
): Entry | undefined {
  const request = Buffer.from(source.canonical);
  if (request.length + body.length > config.cacheMaxEntrySize) return undefined;
  const storedAt = Date.now();
  // A recording is for good.
  const lasts = config.cacheMode === 'record' ? 0 : config.cacheTtl * 1000;
  const expiresAt = lasts === 0 ? 0 : storedAt + lasts;
  const keptUntil = lasts === 0 ? 0 : expiresAt + config.cacheStaleIfError * 1000;
  return {
    about: {
      target: source.target,
      route: source.route,
      model: source.model,
      user: source.user,
      storedAt,
      expiresAt,
      keptUntil,
      ...(source.includeUsage && { usageAsked: true as const }),
      ...(source.vary && { vary: source.vary }),
      ...(source.overruled && { overruled: true as const }),
      rules: RULES,
    },
    request,
    headers: replayedOf(head),
    body,
  };
}

function replayedOf({ headers }: ResponseHead): [string, string][] {
  const kept: [string, string][] = [];
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (replayedFields.has(lower)) kept.push([lower, value]);
  }
  return kept;
}
