import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const page = { headers: ['Origin: https://a.test'] };

test.each([
  [[], 'Origin'],
  [['Vary: Accept-Encoding'], 'Accept-Encoding, Origin'],
  [['Vary: origin'], 'origin'],
  [['Vary: Accept-Encoding', 'vary: Origin, accept-encoding'], 'Accept-Encoding, Origin'],
  [['Vary: *'], '*'],
] as [string[], string][])('the upstream says %p', async (fields, expected) => {
  await using upstream = await startUpstream((request) => request.answer(200, 'ok', fields));
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), CORS_ORIGINS: 'https://a.test' });
  expect((await ask(aifd.url, '/v1/models', page)).all('vary')).toEqual([expected]);
});

test('in a preflight', async () => {
  await using upstream = await startUpstream();
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), CORS_ORIGINS: 'https://a.test' });
  const headers = [...page.headers, 'Access-Control-Request-Method: POST'];
  const response = await ask(aifd.url, '/v1/models', { method: 'OPTIONS', headers });
  expect(response.all('vary')).toEqual(['Origin, Access-Control-Request-Headers']);
});
