import { describe, expect, test } from 'bun:test';
import { importsOf, modules } from './modules.ts';

/** Which folders of `src/` a folder may import beside itself: the map in docs/architecture.md. */
const allowed: Record<string, string[]> = {
  cli: ['server', 'gateway', 'record', 'store', 'openai', 'config', 'demo', 'text'],
  server: ['gateway', 'record', 'store', 'openai', 'config', 'text'],
  gateway: ['record', 'store', 'openai', 'config', 'text'],
  record: ['store', 'openai', 'config', 'text'],
  store: ['openai', 'config', 'text'],
  openai: ['config', 'text'],
  config: ['text'],
  demo: [],
  text: [],
};

/** The rooms of a folder, from above to below: a room may import those behind it, and the folder's own files. */
const rooms: Record<string, string[]> = {
  cli: ['commands', 'top', 'stats', 'convert', 'logs', 'cache', 'chatlog'],
  gateway: ['websocket', 'cache', 'observe', 'limits', 'route', 'upstream', 'admit'],
  record: ['print', 'chatlog', 'traces', 'metrics', 'usage', 'access', 'live', 'logfile'],
  store: ['entries', 'usage', 'windows'],
  openai: ['replay', 'usage'],
};

/** Packages that one folder alone may import. */
const owners: Record<string, string[]> = {
  elysia: ['server'],
  '@elysiajs/stream': ['server'],
  citty: ['cli'],
  consola: ['cli', 'server'],
};

/** Each of these store engines is known to one file. */
const engines = ['lmdb', 'classic-level', '@nxtedition/rocksdb', 'rocksdb', 'ioredis', 'redis'];

const all = await modules();

test('there are modules to look at', () => {
  expect(all.length).toBeGreaterThan(5);
});

test('every folder of src has its rule', () => {
  expect(all.filter(({ layer }) => !(layer in allowed)).map(({ path }) => path)).toEqual([]);
});

test('folders import only those below them', () => {
  const wrong = all.flatMap(({ path, layer, imports }) =>
    imports
      .filter((name) => name.startsWith('src/'))
      .filter((name) => ![layer, ...(allowed[layer] ?? [])].includes(name.split('/')[1] ?? ''))
      .map((name) => `${path} imports ${name}`),
  );
  expect(wrong).toEqual([]);
});

test('every room has its place', () => {
  const found = new Set(
    all
      .filter(({ path }) => path.split('/').length > 3)
      .map(({ path }) => path.split('/').slice(1, 3).join('/')),
  );
  const named = Object.entries(rooms).flatMap(([layer, names]) => names.map((name) => `${layer}/${name}`));
  expect([...found].toSorted()).toEqual(named.toSorted());
});

test('rooms import only those below them', () => {
  const wrong = all.flatMap(({ path, layer, imports }) => {
    const order = rooms[layer] ?? [];
    const own = order.indexOf(path.split('/')[2] ?? '');
    return imports
      .filter((name) => name.startsWith(`src/${layer}/`))
      .filter(
        (name) => own >= 0 && order.includes(name.split('/')[2]!) && order.indexOf(name.split('/')[2]!) < own,
      )
      .map((name) => `${path} imports ${name}`);
  });
  expect(wrong).toEqual([]);
});

test.each(['src', 'bench'])(
  'no file of %s imports itself by way of others, types included',
  async (folder) => {
    const graph = new Map((await modules(folder)).map(({ path, imports }) => [path, imports]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' -> '));
      if (done.has(path) || way.includes(path)) return;
      for (const next of graph.get(path) ?? []) if (graph.has(next)) visit(next, [...way, path]);
      done.add(path);
    };
    for (const path of graph.keys()) visit(path, []);
    expect(circles).toEqual([]);
  },
);

test('nothing in src imports from outside src', () => {
  const wrong = all.flatMap(({ path, imports }) =>
    imports
      .filter((name) => /^(?:\.\.|test|scripts|bench)\//.test(name))
      .map((name) => `${path} imports ${name}`),
  );
  expect(wrong).toEqual([]);
});

describe.each(Object.entries(owners))('%s', (name, layers) => {
  test(`is imported in ${layers.join(' and ')} only`, () => {
    const wrong = all.filter(({ layer, imports }) => imports.includes(name) && !layers.includes(layer));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

test.each(engines)('the engine %s is imported by one file in src/store at most', (engine) => {
  const users = all.filter(({ imports }) => imports.includes(engine)).map(({ path }) => path);
  expect(users.length).toBeLessThanOrEqual(1);
  expect(users.filter((path) => !path.startsWith('src/store/'))).toEqual([]);
});

test('imports of every form are seen', () => {
  const source = `
    import { a } from './a.ts';
    import type { B } from './b.ts';
    import { type C } from './c.ts';
    export type { D } from './d.ts';
    export * from './e.ts';
    import './f.ts';
    const g = await import('./g.ts');
    console.log(a, g);
    import {
      type H,
    } from './h.ts';
  `;
  expect(importsOf(source).toSorted()).toEqual([...'abcdefgh'].map((name) => `./${name}.ts`));
});
