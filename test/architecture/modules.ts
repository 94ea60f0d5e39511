import { dirname, join, relative } from 'node:path';

export const root = join(import.meta.dir, '../..');

/** One source file of `src/`, and what it imports. */
export interface Module {
  /** From the repository's root: `src/server/app.ts`. */
  path: string;
  /** The folder under `src/`: `server`. */
  layer: string;
  lines: number;
  /** Packages by their names, the project's own files by their paths from the root. */
  imports: string[];
}

const transpiler = new Bun.Transpiler({ loader: 'ts' });

/** Every module under a folder of the repository. */
export async function modules(folder = 'src'): Promise<Module[]> {
  const paths = [...new Bun.Glob(`${folder}/**/*.ts`).scanSync(root)].toSorted();
  return Promise.all(
    paths.map(async (path) => {
      const source = (await Bun.file(join(root, path)).text()).replace(/^#!.*/, '');
      const imports = importsOf(source).map((name) => resolved(name, path));
      return { path, layer: path.split('/')[1] ?? '', lines: source.split('\n').length - 1, imports };
    }),
  );
}

/** What a source imports. The transpiler drops imports of types alone: they couple files as well, so are added. */
export function importsOf(source: string): string[] {
  const typesOnly = /^\s*(?:import|export)\s+(?:type\b[^;'"]*|\{[^;'"]*\}\s*)from\s*['"]([^'"]+)['"]/gm;
  const types = [...source.matchAll(typesOnly)].map((match) => match[1] ?? '');
  return [...new Set([...transpiler.scanImports(source).map(({ path }) => path), ...types])];
}

function resolved(name: string, from: string): string {
  if (name.startsWith('.')) return relative(root, join(root, dirname(from), name));
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}
