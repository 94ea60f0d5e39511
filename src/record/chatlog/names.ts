import type { Happening } from '../happening.ts';

/** What has a log of its own. */
export type LogKind = 'chat' | 'completion' | 'embedding' | 'response' | 'whisper';

const kinds: Readonly<Record<string, LogKind>> = {
  chat: 'chat',
  completions: 'completion',
  embeddings: 'embedding',
  responses: 'response',
  audio: 'whisper',
};

const audio = /\/audio\/(?:transcriptions|translations|speech)\/?$/;

/** Which log an exchange belongs in; undefined when it is none that is logged. */
export function logKindOf({ family, path, method }: Happening): LogKind | undefined {
  if (method !== 'POST') return undefined;
  return kinds[family] ?? (audio.test(path) ? 'whisper' : undefined);
}

/** A target's folder: as the original names it. @param prefix - of its routes, `/` or `/localai/v2` */
export function folderOf(prefix: string): string {
  return prefix.replaceAll('/', '_').replace(/^_+|_+$/g, '') || 'openai';
}

const files = new Map<string, string>();

/** A log's file under the folder of all logs. */
export function fileOf(prefix: string, kind: LogKind): string {
  const key = `${kind} ${prefix}`;
  let file = files.get(key);
  // As many as the configuration has prefixes, for each kind.
  if (file === undefined) files.set(key, (file = `${folderOf(prefix)}/${kind}/${kind}.log`));
  return file;
}
