import { expect, test } from 'bun:test';
import { BearerKeys, metricsResponse } from '../../src/server/metrics-page.ts';

const render = () => Promise.resolve('aifd_workers 1\n');
const keys = new BearerKeys(['fk-marked-1', 'fk-marked-2']);
const ask = (headers: Record<string, string> = {}, method = 'GET') =>
  new Request('http://aifd/metrics', { method, headers });

test('anybody reads public ones', async () => {
  const response = await metricsResponse(ask(), { access: 'public', keys: new BearerKeys([]), render });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await response.text()).toBe('aifd_workers 1\n');
});

test.each(['Bearer fk-marked-1', 'bearer  fk-marked-2', 'BEARER fk-marked-1 '])(
  '%p opens',
  async (authorization) => {
    expect((await metricsResponse(ask({ authorization }), { access: 'key', keys, render })).status).toBe(200);
  },
);

test.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Bearer fk-marked',
  'Bearer fk-marked-1x',
  'Basic fk-marked-1',
  'fk-marked-1',
  'Bearer fk-marked-1,fk-marked-2',
  'Bearer FK-MARKED-1',
  'Bearer undefined',
])('%p does not', async (authorization) => {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const response = await metricsResponse(ask(headers), { access: 'key', keys, render });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe('Bearer');
  expect(await response.text()).not.toContain('fk-marked');
});

test('without any key nothing opens', async () => {
  const page = { access: 'key', keys: new BearerKeys([]), render } as const;
  for (const authorization of ['Bearer x', 'Bearer undefined']) {
    expect((await metricsResponse(ask({ authorization }), page)).status).toBe(401);
  }
});

test('it is read and nothing else', async () => {
  const page = { access: 'public', keys, render } as const;
  const response = await metricsResponse(ask({}, 'POST'), page);
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect((await metricsResponse(ask({}, 'HEAD'), page)).status).toBe(200);
});
