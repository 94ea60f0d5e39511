import { realKey } from './contender.ts';
import type { Contender } from './contender.ts';
import { installed, needsInstalled } from './installed.ts';
import { peer } from './launch.ts';

const script = 'portkey/node_modules/@portkey-ai/gateway/build/start-server.js';

/**
 * Portkey's gateway on Node: bare, and with retries, a time limit, two targets in turn and a guardrail. The package has
 * no cache (its build leaves that out), no limits and no keys of its own: each client brings the configuration along.
 */
export const portkeys: readonly Contender[] = [portkey('portkey', false), portkey('portkey+features', true)];

function portkey(name: string, hasFeatures: boolean): Contender {
  const features = hasFeatures ? 'on' : 'off';
  return peer(name, { features, answers: 'content', missing }, ({ port, upstream }) => ({
    // Headless: without the console, and the page of logs in it.
    command: ['node', installed(script), `--port=${port}`, '--headless'],
    env: { NODE_ENV: 'production' },
    headers: { 'x-portkey-config': JSON.stringify(portkeyConfig(upstream, hasFeatures)) },
    seconds: 30,
  }));
}

function missing(): string | undefined {
  return Bun.which('node') === null ? 'node is not on PATH' : needsInstalled(script)();
}

/** What each request says in its `x-portkey-config`. 127.0.0.1 is a host that it trusts by default. */
export function portkeyConfig(upstream: number, hasFeatures: boolean): object {
  const target = {
    provider: 'openai',
    api_key: realKey,
    custom_host: `http://127.0.0.1:${upstream}/v1`,
  };
  if (!hasFeatures) return target;
  return {
    strategy: { mode: 'loadbalance' },
    targets: [
      { ...target, weight: 1 },
      { ...target, weight: 1 },
    ],
    retry: { attempts: 3 },
    request_timeout: 60_000,
    input_guardrails: [{ 'default.wordCount': { minWords: 1, maxWords: 1_000_000 }, deny: true }],
  };
}
