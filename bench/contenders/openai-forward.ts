import { clientKey } from '../load/order.ts';
import { realKey } from './contender.ts';
import type { Contender } from './contender.ts';
import { installed, needsInstalled } from './installed.ts';
import { peer } from './launch.ts';
import type { Place } from './launch.ts';

const python = 'openai-forward/bin/python';

/** The original: bare, and with its chat log, moving window and cache. */
export const openaiForwards: readonly Contender[] = [
  openaiForward('openai-forward', {}),
  openaiForward('openai-forward+features', {
    LOG_CHAT: 'true',
    REQ_RATE_LIMIT: '{"/v1/chat/completions": "100000/second"}',
    RATE_LIMIT_STRATEGY: 'moving-window',
    CACHE_CHAT_COMPLETION: 'true',
    CACHE_BACKEND: 'LMDB',
    // Else answers are kept, but never given.
    DEFAULT_REQUEST_CACHING_VALUE: 'true',
  }),
];

function openaiForward(name: string, options: Record<string, string>): Contender {
  const features = Object.keys(options).length > 0 ? 'on' : 'off';
  // What it answers from its cache has the same content, but an id of its own and no usage.
  const answers = features === 'on' ? 'content' : 'exact';
  return peer(name, { features, answers, missing: needsInstalled(python) }, (place) => ({
    command: serve(place),
    env: {
      OPENAI_BASE_URL: `http://127.0.0.1:${place.upstream}`,
      OPENAI_API_KEY: realKey,
      FORWARD_KEY: clientKey,
      ...options,
    },
    seconds: 30,
  }));
}

/** As `aifd run` of the original does, but on 127.0.0.1 alone and without uvicorn's line for each request. */
function serve({ port }: Place): string[] {
  const quiet = ['--no-access-log', '--log-level', 'warning'];
  const uvicorn = [installed(python), '-m', 'uvicorn', 'openai_forward.app:app'];
  return [...uvicorn, '--host', '127.0.0.1', '--port', String(port), '--workers', '1', ...quiet];
}
