import { expect, test } from 'bun:test';
import { renderBox, renderPlain, startPanels, wantsBoxes } from '../../src/cli/panels.ts';
import { given } from '../config/given.ts';

const { config } = given({
  OPENAI_API_KEY: 'sk-0123456789abcd,sk-0123456789wxyz',
  EXTRA_BASE_URL: 'http://localhost:8080',
  EXTRA_ROUTE_PREFIX: '/localai',
});

test('one panel a target and one for the limits, keys masked', () => {
  expect(startPanels(config).map(renderPlain).join('\n')).toBe(`aifd is ready to serve!
  base url: http://localhost:8080
  route prefix: /localai
  api keys: False
  forward keys: False
  cache backend: off
  chat log: off
aifd is ready to serve!
  base url: https://api.openai.com
  route prefix: /
  api keys: True (2: sk-…abcd, sk-…wxyz)
  forward keys: False
  cache backend: off
  chat log: off
Rate Limit configuration
  backend: none
  strategy: none
  global rate limit: none`);
});

test('a box holds the same rows, and its lines are equally long', async () => {
  const panel = startPanels(config)[1]!;
  const lines = Bun.stripANSI(await renderBox(panel))
    .trim()
    .split('\n');
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  expect(lines[0]).toContain(panel.title);
  for (const [key, value] of panel.rows) {
    expect(lines.some((line) => line.includes(key) && line.includes(value))).toBe(true);
  }
});

test('boxes are for a terminal without NO_COLOR', () => {
  expect(wantsBoxes({ isTTY: true }, {})).toBe(true);
  expect(wantsBoxes({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
  expect(wantsBoxes({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(wantsBoxes({}, {})).toBe(false);
});

test('what is recorded is shown when something is, without secrets', () => {
  const { config: recording } = given({
    LOG_CHAT: 'true',
    LOG_DIR: '/var/log/aifd',
    USAGE: 'true',
    USAGE_KEEP: '24h',
    METRICS: 'key',
    FORWARD_KEY: 'fk-0123456789abcd',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:secret@localhost:4318',
  });
  const panels = startPanels(recording);
  expect(renderPlain(panels[0]!)).toContain('\n  chat log: /var/log/aifd');
  expect(renderPlain(panels.at(-1)!)).toBe(`Recorded
  usage: data, kept 1 day
  metrics: /metrics (forward key)
  traces: http://***@localhost:4318`);
});
