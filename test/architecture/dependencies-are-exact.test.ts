import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { modules, root } from './modules.ts';

const { dependencies, devDependencies, peerDependencies } = (await Bun.file(
  join(root, 'package.json'),
).json()) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  /** Optional engines of the cache: whoever wants one installs it. */
  peerDependencies: Record<string, string>;
};

test('every dependency is one exact version', () => {
  const loose = Object.entries({ ...dependencies, ...devDependencies, ...peerDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version),
  );
  expect(loose).toEqual([]);
});

test('what src imports is a dependency, and every dependency is imported', async () => {
  const imported = new Set(
    (await modules())
      .flatMap(({ imports }) => imports)
      .filter((name) => !/^(?:src\/|package.json$)/.test(name) && !/^(?:node:|bun(?::|$))/.test(name)),
  );
  expect([...imported].toSorted()).toEqual(Object.keys({ ...dependencies, ...peerDependencies }).toSorted());
});
