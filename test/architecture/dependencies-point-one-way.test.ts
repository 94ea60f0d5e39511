import { describe, expect, test } from 'bun:test';
import { importsOf, modules } from './modules.ts';

/** Which folders of `src/` a folder may import beside itself: the map in docs/architecture.md. */
const allowed: Record<string, string[]> = {
  cli: ['server', 'gateway', 'store', 'config', 'demo', 'text'],
  server: ['gateway', 'store', 'config', 'console', 'text'],
  gateway: ['store', 'config', 'text'],
  store: ['config', 'text'],
  console: ['config'],
  config: ['text'],
  demo: [],
  text: [],
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
