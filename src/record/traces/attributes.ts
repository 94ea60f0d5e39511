import type { PricedApart } from '../../openai/usage/usage-counts.ts';
import type { Attributes } from '@opentelemetry/api';
import type { Happening } from '../happening.ts';
import { errorTypeOf, isFromCache, methods, operationOf, placeOf } from '../metrics/gen-ai.ts';
import { shownUser } from '../../store/user-digest.ts';

/** What is longer is cut: a span is no place for a body. */
const LONGEST = 1_024;

/** A span's name: few names for many requests, as the conventions want it. */
export function spanName({ family, model, method, route }: Happening): string {
  const operation = operationOf(family);
  if (operation === undefined) return `${methods.includes(method) ? method : 'HTTP'} ${route}`;
  return model === '' ? operation : `${operation} ${model}`;
}

/** A span's attributes, by OpenTelemetry's conventions for generative AI and HTTP; those of our own begin with `aifd.`. */
export function attributesOf(happening: Happening): Attributes {
  const attributes: Attributes = {
    ...httpAttributes(happening),
    ...genAiAttributes(happening),
    'aifd.end': happening.end,
    'aifd.attempts': happening.attempts,
    'aifd.overhead_ms': happening.overheadMs,
  };
  const { queueMs, upstreamMs, cache, user } = happening;
  if (queueMs > 0) attributes['aifd.queue_ms'] = queueMs;
  if (upstreamMs !== undefined) attributes['aifd.upstream_ms'] = upstreamMs;
  if (cache !== undefined) attributes['aifd.cache'] = cache;
  // A digest: nobody reads the key from it.
  if (user.startsWith('k:')) attributes['aifd.key'] = shownUser(user);
  const error = errorTypeOf(happening);
  if (error !== undefined) attributes['error.type'] = error;
  return attributes;
}

function httpAttributes({ method, status, route, path, address, target, id, bytesIn, bytesOut }: Happening) {
  const isKnown = methods.includes(method);
  const attributes: Attributes = {
    'http.request.method': isKnown ? method : '_OTHER',
    'http.response.status_code': status,
    'http.route': route,
    'url.path': path.slice(0, LONGEST),
    'http.request.body.size': bytesIn,
    'http.response.body.size': bytesOut,
  };
  if (!isKnown) attributes['http.request.method_original'] = method.slice(0, LONGEST);
  if (address !== '') attributes['client.address'] = address;
  if (id !== '') attributes['aifd.request_id'] = id.slice(0, LONGEST);
  if (target === '') return attributes;
  const place = placeOf(target);
  attributes['server.address'] = place.address;
  if (place.port !== undefined) attributes['server.port'] = place.port;
  return attributes;
}

function genAiAttributes(happening: Happening): Attributes {
  const { family, target, model, usage, stream, firstByteMs } = happening;
  const operation = operationOf(family);
  if (operation === undefined) return {};
  const attributes: Attributes = {
    'gen_ai.operation.name': operation,
    'gen_ai.provider.name': placeOf(target).provider,
  };
  if (model !== '') attributes['gen_ai.request.model'] = model.slice(0, LONGEST);
  if (stream) attributes['gen_ai.request.stream'] = true;
  if (stream && firstByteMs !== undefined && !isFromCache(happening))
    attributes['gen_ai.response.time_to_first_chunk'] = firstByteMs / 1000;
  // By the conventions: never a guess.
  if (!usage?.reported) return attributes;
  const counts = {
    'gen_ai.usage.input_tokens': usage.input,
    'gen_ai.usage.output_tokens': usage.output,
    'gen_ai.usage.cache_read.input_tokens': usage.cached,
    'gen_ai.usage.cache_creation.input_tokens': writtenOf(usage.priced),
    'gen_ai.usage.reasoning.output_tokens': usage.reasoning,
  };
  for (const [name, count] of Object.entries(counts)) if (count !== undefined) attributes[name] = count;
  return attributes;
}

function writtenOf(priced: PricedApart | undefined): number | undefined {
  return priced && ((priced.written ?? 0) + (priced.writtenHour ?? 0) || undefined);
}
