import { afterAll, describe, expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const FORWARD = 'fk-forward-key-1';
const REAL = ['sk-real-key-0001', 'sk-real-key-0002'];
const upstream = await startUpstream();
const OPENAI_BASE_URL = upstream.url;
const both = { OPENAI_BASE_URL, OPENAI_API_KEY: REAL.join(','), FORWARD_KEY: `fk-other-key-22,${FORWARD}` };
const servers = {
  neither: await startAifd({ OPENAI_BASE_URL }),
  real: await startAifd({ OPENAI_BASE_URL, OPENAI_API_KEY: REAL.join(',') }),
  both: await startAifd(both),
  bothOpen: await startAifd({ ...both, ALLOW_CLIENT_KEYS: 'true' }),
  forward: await startAifd({ OPENAI_BASE_URL, FORWARD_KEY: FORWARD }),
  forwardOpen: await startAifd({ OPENAI_BASE_URL, FORWARD_KEY: FORWARD, ALLOW_CLIENT_KEYS: 'true' }),
};
afterAll(async () => {
  for (const one of Object.values(servers)) await one[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

/** The places where clients put a key. */
const places: Record<string, (key: string) => { target: string; headers: string[] }> = {
  authorization: (key) => ({ target: '/v1/x', headers: [`Authorization: Bearer ${key}`] }),
  'authorization, another case': (key) => ({ target: '/v1/x', headers: [`authorization: bearer ${key}`] }),
  'x-api-key': (key) => ({ target: '/v1/x', headers: [`X-Api-Key: ${key}`] }),
  'api-key': (key) => ({ target: '/v1/x', headers: [`api-key: ${key}`] }),
  'x-goog-api-key': (key) => ({ target: '/v1/x', headers: [`x-goog-api-key: ${key}`] }),
  '?key=': (key) => ({ target: `/v1/x?key=${key}`, headers: [] }),
  '?a&key=': (key) => ({ target: `/v1/x?a=b&key=${key}&c=%20d`, headers: [] }),
};
const names = Object.keys(places);

async function send(url: string, place: string, key: string) {
  const { target, headers } = places[place]!(key);
  const response = await ask(url, target, { headers });
  return { response, request: upstream.requests.at(-1)! };
}

/** The places in an upstream request where credentials stand. */
function credentials(request: (typeof upstream.requests)[number]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']) {
    const value = request.header(name);
    if (value !== undefined) found[name] = value;
  }
  const key = /[?&]key=([^&]*)/.exec(request.target)?.[1];
  if (key !== undefined) found['?key='] = key;
  return found;
}

const withKey = (place: string, key: string): Record<string, string> => {
  if (place.startsWith('authorization')) return { authorization: `Bearer ${key}` };
  return { [place.startsWith('?') ? 'x-goog-api-key' : place]: key };
};

describe('neither set', () => {
  test.each(names)('what the client sent passes (%s)', async (place) => {
    const { request } = await send(servers.neither.url, place, 'sk-client-own');
    const { target, headers } = places[place]!('sk-client-own');
    expect(request.target).toBe(target);
    for (const line of headers)
      expect(request.header(line.split(':')[0]!.toLowerCase())).toBe(line.split(': ')[1]);
  });

  test('nothing stays nothing', async () => {
    await ask(servers.neither.url, '/v1/x');
    expect(credentials(upstream.requests.at(-1)!)).toEqual({});
  });

  test('Basic and anything else passes', async () => {
    await ask(servers.neither.url, '/v1/x', { headers: ['Authorization: Basic dTpw'] });
    expect(upstream.requests.at(-1)!.header('authorization')).toBe('Basic dTpw');
  });
});

describe('OPENAI_API_KEY alone', () => {
  test.each(names)('anything gets the next real key where the client’s was (%s)', async (place) => {
    const first = credentials((await send(servers.real.url, place, 'sk-any')).request);
    const second = credentials((await send(servers.real.url, place, 'sk-any')).request);
    const inTurn = [withKey(place, REAL[0]!), withKey(place, REAL[1]!)];
    expect([inTurn, inTurn.toReversed()]).toContainEqual([first, second]);
  });

  test('nothing gets the next real key too', async () => {
    const got = [0, 1, 2, 3].map(async () => {
      await ask(servers.real.url, '/v1/x');
    });
    const before = upstream.requests.length;
    await Promise.all(got);
    const keys = upstream.requests.slice(before).map((one) => one.header('authorization'));
    expect(keys.toSorted()).toEqual([REAL[0], REAL[0], REAL[1], REAL[1]].map((key) => `Bearer ${key}`));
  });
});

describe('both set', () => {
  test.each(names)('a forward key gets the next real key where it was (%s)', async (place) => {
    const got = [0, 1].map(async () => credentials((await send(servers.both.url, place, FORWARD)).request));
    await Promise.all(got);
    const { request, response } = await send(servers.both.url, place, FORWARD);
    expect(response.status).toBe(200);
    expect([withKey(place, REAL[0]!), withKey(place, REAL[1]!)]).toContainEqual(credentials(request));
  });

  test('the rest of the query stays as it was', async () => {
    const { request } = await send(servers.both.url, '?a&key=', FORWARD);
    expect(request.target).toBe('/v1/x?a=b&c=%20d');
  });
});

describe.each(['both', 'forward'] as const)('%s: nothing, or an unknown key', (which) => {
  const refused = async (target: string, headers: string[]) => {
    const before = upstream.requests.length;
    expectRefusal(await ask(servers[which].url, target, { headers }), 401, 'invalid_api_key');
    expect(upstream.requests).toHaveLength(before);
  };

  test('nothing is 401', () => refused('/v1/x', []));

  test.each(names)('an unknown key is 401 (%s)', async (place) => {
    for (const key of ['sk-unknown', FORWARD.slice(0, -1), `${FORWARD}x`, FORWARD.toUpperCase()]) {
      const { target, headers } = places[place]!(key);
      await refused(target, headers);
    }
  });

  test('a forward key that stands elsewhere is none', async () => {
    await refused(`/v1/x?api_key=${FORWARD}`, []);
    await refused(`/v1/x/${FORWARD}`, [`Cookie: key=${FORWARD}`]);
    await refused('/v1/x', [`Authorization: Basic ${FORWARD}`]);
    await refused('/v1/x', ['Authorization: Bearer']);
    await refused('/v1/x', ['Authorization: ']);
  });
});

describe('ALLOW_CLIENT_KEYS', () => {
  test.each(['bothOpen', 'forwardOpen'] as const)(
    '%s: an unknown key passes as the client’s own',
    async (which) => {
      for (const place of names) {
        const { response, request } = await send(servers[which].url, place, 'sk-client-own');
        expect(response.status).toBe(200);
        expect(Object.values(credentials(request)).join()).toContain('sk-client-own');
      }
    },
  );

  test.each(['bothOpen', 'forwardOpen'] as const)('%s: nothing is 401 all the same', async (which) => {
    expectRefusal(await ask(servers[which].url, '/v1/x'), 401, 'invalid_api_key');
  });

  test('a forward key gets the real one', async () => {
    const { request } = await send(servers.bothOpen.url, 'authorization', FORWARD);
    expect(request.header('authorization')).toMatch(/^Bearer sk-real-key-000[12]$/);
  });
});

describe('FORWARD_KEY alone', () => {
  test.each(names)('a forward key goes on without credentials (%s)', async (place) => {
    const { response, request } = await send(servers.forward.url, place, FORWARD);
    expect(response.status).toBe(200);
    expect(credentials(request)).toEqual({});
  });
});
