import { clientKey } from '../load/order.ts';
import { realKey } from './contender.ts';
import type { Contender } from './contender.ts';
import { installed, needsInstalled } from './installed.ts';
import { peer } from './launch.ts';
import type { Place } from './launch.ts';

const program = 'litellm/bin/litellm';

/** LiteLLM's proxy, one worker: bare, and with limits, its cache in memory and a log. */
export const litellms: readonly Contender[] = [litellm('litellm', false), litellm('litellm+features', true)];

function litellm(name: string, hasFeatures: boolean): Contender {
  const features = hasFeatures ? 'on' : 'off';
  return peer(name, { features, answers: 'content', missing: needsInstalled(program) }, (place) => ({
    command: serve(place),
    env: {
      HOME: place.folder,
      // What its documentation advises for production: no .env is read, and no line for each request.
      LITELLM_MODE: 'PRODUCTION',
      LITELLM_LOG: 'ERROR',
      // Prices come with the package; without it they are fetched at start.
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      // It breaks a stream off after 100 events that are alike, and the mock's are.
      REPEATED_STREAMING_CHUNK_LIMIT: '1000000',
    },
    // JSON is YAML.
    files: { 'config.yaml': JSON.stringify(litellmConfig(place, hasFeatures)), 'bench_log.py': logger },
    // It takes seconds to load, and longer where other contenders do, too.
    seconds: 120,
  }));
}

function serve({ port }: Place): string[] {
  const where = ['--host', '127.0.0.1', '--port', String(port)];
  return [installed(program), '--config', 'config.yaml', ...where, '--num_workers', '1'];
}

/** Its configuration: a master key, so that a key of its own is checked and swapped as by the others. */
export function litellmConfig({ upstream }: Place, hasFeatures: boolean): object {
  const huge = { rpm: 1_000_000_000, tpm: 1_000_000_000_000 };
  const forwarded = {
    model: 'openai/bench',
    api_base: `http://127.0.0.1:${upstream}/v1`,
    api_key: realKey,
  };
  return {
    model_list: [
      { model_name: 'bench', litellm_params: hasFeatures ? { ...forwarded, ...huge } : forwarded },
    ],
    general_settings: { master_key: clientKey },
    litellm_settings: {
      telemetry: false,
      ...(hasFeatures && { cache: true, cache_params: { type: 'local' }, callbacks: ['bench_log.to_file'] }),
    },
    // Else rpm and tpm only choose among models, and refuse nothing.
    ...(hasFeatures && { router_settings: { optional_pre_call_checks: ['enforce_model_rate_limits'] } }),
  };
}

/** A log of what was asked and answered, made as its documentation shows. */
const logger = `import json
from litellm.integrations.custom_logger import CustomLogger

log = open("chat.log", "a", buffering=65536)


class ToFile(CustomLogger):
    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        answer = response_obj.model_dump() if hasattr(response_obj, "model_dump") else str(response_obj)
        line = {"messages": kwargs.get("messages"), "answer": answer, "at": start_time.isoformat()}
        log.write(json.dumps(line, default=str) + "\\n")


to_file = ToFile()
`;
