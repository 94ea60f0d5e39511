import type { Happening } from '../happening.ts';

/** Where a target is, in OpenTelemetry's words. */
export interface ServerPlace {
  readonly address: string;
  /** Undefined when it is the scheme's own. */
  readonly port: number | undefined;
  /** `gen_ai.provider.name`. */
  readonly provider: string;
}

/** Hosts whose names end so are well-known providers; any other that speaks OpenAI's language is told as `openai`. */
const providers: readonly (readonly [ending: string, name: string])[] = [
  ['openai.azure.com', 'azure.ai.openai'],
  ['services.ai.azure.com', 'azure.ai.inference'],
  ['anthropic.com', 'anthropic'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
  ['aiplatform.googleapis.com', 'gcp.vertex_ai'],
  ['groq.com', 'groq'],
  ['mistral.ai', 'mistral_ai'],
  ['deepseek.com', 'deepseek'],
  ['perplexity.ai', 'perplexity'],
  ['cohere.com', 'cohere'],
  ['cohere.ai', 'cohere'],
  ['moonshot.ai', 'moonshot_ai'],
  ['moonshot.cn', 'moonshot_ai'],
  ['x.ai', 'x_ai'],
];

/** `gen_ai.operation.name` of a family; undefined for what is no such operation. */
export function operationOf(family: Happening['family'] | 'audio'): string | undefined {
  if (family === 'other') return undefined;
  // What a response is made of is a chat, in the conventions' words.
  if (family === 'responses') return 'chat';
  return family === 'completions' ? 'text_completion' : family;
}

/** @param target - host, and port where it is not the scheme's own; an IPv6 host in brackets */
export function placeOf(target: string): ServerPlace {
  const [, host = target, port] = /^(.*?)(?::(\d+))?$/.exec(target) ?? [];
  const address = host.replace(/^\[|\]$/g, '');
  return { address, port: port === undefined ? undefined : Number(port), provider: providerOf(address) };
}

function providerOf(host: string): string {
  if (/(^|\.)bedrock-[a-z-]+\.[a-z0-9-]+\.amazonaws\.com$/.test(host)) return 'aws.bedrock';
  const found = providers.find(([ending]) => host === ending || host.endsWith(`.${ending}`));
  return found?.[1] ?? 'openai';
}

/** Statuses that are told apart as a label: any other is an upstream's whim. */
const usualStatuses: ReadonlySet<number> = new Set([
  400, 401, 402, 403, 404, 408, 409, 413, 415, 422, 429, 499, 500, 502, 503, 504, 529,
]);

/** A status of an error as a label: few values. */
export const statusLabel = (status: number): string =>
  usualStatuses.has(status) ? String(status) : '_OTHER';

/** {@link errorTypeOf} as a label: empty when all went well, and few values. */
export function errorLabelOf(happening: Pick<Happening, 'code' | 'status' | 'end'>): string {
  const { code, status } = happening;
  // The conventions' word for what has no name.
  if (code === undefined && status >= 400) return statusLabel(status);
  return errorTypeOf(happening) ?? '';
}

/** `error.type`: aifd's own code, else the status, else how it broke off; undefined when all went well. */
export function errorTypeOf({
  code,
  status,
  end,
}: Pick<Happening, 'code' | 'status' | 'end'>): string | undefined {
  if (code !== undefined) return code;
  if (status >= 400) return String(status);
  if (end === 'whole') return undefined;
  return end === 'left' ? 'client_closed_request' : end;
}

/** Whether the answer was kept or another's: it cost the upstream nothing. */
export function isFromCache({ cache }: Pick<Happening, 'cache'>): boolean {
  return cache === 'hit' || cache === 'stale' || cache === 'collapsed';
}

/** The methods there are; others are one, and told apart by nobody. */
export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT'];
