import { readFileSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atEnd, temporaryFolder } from './support.ts';

/** What LiteLLM's mocked model says. */
export const said = 'Grüße from LiteLLM: 你好, one two three.';
export const masterKey = 'sk-master-key-of-litellm';

const configuration = {
  model_list: [
    {
      model_name: 'mock-chat',
      litellm_params: { model: 'openai/gpt-4o-mini', api_key: 'unused', mock_response: said },
    },
  ],
  general_settings: { master_key: masterKey },
  litellm_settings: { telemetry: false },
};

/**
 * Starts LiteLLM's proxy on a free port of 127.0.0.1, with no network and no database.
 *
 * @param limit until it must answer, in milliseconds
 * @throws Error with its output when it ends or does not answer in time
 */
export async function startLitellm(python: string, limit: number): Promise<string> {
  const folder = temporaryFolder();
  // JSON is YAML.
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(configuration));
  const log = join(folder, 'log');
  const port = freePort();
  const own = ['--config', 'config.yaml', '--host', '127.0.0.1', '--port', String(port)];
  const output = openSync(log, 'w');
  const child = Bun.spawn([python, join(import.meta.dir, 'litellm_proxy.py'), ...own], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, LITELLM_LOCAL_MODEL_COST_MAP: 'True', NO_COLOR: '1' },
    stdin: 'pipe',
    stdout: output,
    stderr: output,
  });
  atEnd(() => child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  const end = Date.now() + limit;
  while (Date.now() < end && child.exitCode === null) {
    if (await isAlive(url)) return url;
    await Bun.sleep(200);
  }
  const why =
    child.exitCode === null ? `did not answer within ${limit / 1000} s` : `ended (${child.exitCode})`;
  throw new Error(`LiteLLM ${why}:\n${readFileSync(log, 'utf8').slice(-4000)}`);
}

function freePort(): number {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  server.stop(true);
  return server.port;
}

async function isAlive(url: string): Promise<boolean> {
  const signal = AbortSignal.timeout(2000);
  return fetch(`${url}/health/liveliness`, { signal }).then(
    ({ ok }) => ok,
    () => false,
  );
}
