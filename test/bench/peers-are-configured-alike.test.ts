import { expect, test } from 'bun:test';
import { caddyfile } from '../../bench/contenders/caddy.ts';
import { realKey } from '../../bench/contenders/contender.ts';
import { haproxyConfig } from '../../bench/contenders/haproxy.ts';
import { contenders } from '../../bench/contenders/index.ts';
import { pins } from '../../bench/contenders/installed.ts';
import { litellmConfig } from '../../bench/contenders/litellm.ts';
import { nginxConfig } from '../../bench/contenders/nginx.ts';
import { portkeyConfig } from '../../bench/contenders/portkey.ts';

const place = { port: 1234, upstream: 5678, folder: '/tmp/round' };
/** Each peer's configuration with its features off and on. */
const texts: Record<string, [off: string, on: string]> = {
  haproxy: [
    haproxyConfig(place, { noDelay: true, features: false }),
    haproxyConfig(place, { noDelay: true, features: true }),
  ],
  nginx: [nginxConfig(place, false), nginxConfig(place, true)],
  caddy: [caddyfile(place, false), caddyfile(place, true)],
  litellm: [JSON.stringify(litellmConfig(place, false)), JSON.stringify(litellmConfig(place, true))],
  portkey: [JSON.stringify(portkeyConfig(5678, false)), JSON.stringify(portkeyConfig(5678, true))],
};

test.each(Object.entries(texts))(
  '%s forwards to the mock upstream with the real key, features off and on',
  (_name, variants) => {
    for (const text of variants) {
      expect(text).toContain('127.0.0.1:5678');
      expect(text).toContain(realKey);
    }
    expect(variants[0]).not.toBe(variants[1]);
  },
);

test('HAProxy and nginx have one thread each, as aifd has', () => {
  for (const text of texts.haproxy!) expect(text).toContain('nbthread 1\n');
  for (const text of texts.nginx!) expect(text).toContain('worker_processes 1;');
});

test('logs and limits are only where features are on', () => {
  const marks = /stick-table|log stdout|limit_req|access\.log|"rpm"|callbacks|"cache"|guardrails|retry/;
  for (const [off, on] of Object.values(texts)) {
    expect(off).not.toMatch(marks);
    expect(on).toMatch(marks);
  }
});

test('streams are not held back by nginx, nor cut by Caddy, whose option was renamed', () => {
  for (const text of texts.nginx!) expect(text).toContain('proxy_buffering off;');
  expect(caddyfile(place, false, '2.6.2')).toContain('buffer_requests\n');
  expect(caddyfile(place, false, 'v2.11.9 h1:abc=')).toContain('request_buffers 4MiB\n');
});

test('braces of every configuration are closed', () => {
  for (const text of [...texts.nginx!, ...texts.caddy!])
    expect(text.split('{').length).toBe(text.split('}').length);
});

test('names are those that the targets are held against, each once', () => {
  const names = contenders.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of ['haproxy', 'nginx', 'caddy', 'openai-forward', 'portkey', 'litellm']) {
    expect(names).toContain(name);
    expect(names).toContain(`${name}+features`);
  }
});

test('only those that write answers anew may change their bytes', () => {
  const free = contenders.filter(({ answers }) => answers === 'content').map(({ name }) => name);
  expect(free.every((name) => /^(litellm|portkey|openai-forward\+)/.test(name))).toBe(true);
});

test('what is installed is pinned exactly', () => {
  for (const version of Object.values(pins)) expect(version).toMatch(/^v?\d+\.\d+\.\d+$/);
});
