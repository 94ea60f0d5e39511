/**
 * Makes one self-contained binary of aifd: `bun run build [--outfile dist/aifd] [--target bun-linux-arm64]`.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { lmdbPrebuild } from './lmdb-prebuild.ts';

const root = join(import.meta.dir, '..');
const { values } = parseArgs({
  options: { outfile: { type: 'string', default: join(root, 'dist/aifd') }, target: { type: 'string' } },
});
const outfile = resolve(values.outfile);
mkdirSync(dirname(outfile), { recursive: true });

const built = await Bun.build({
  // The module of a thread is loaded by its path: beside the main one, into which all others go.
  naming: '[name].[ext]',
  entrypoints: ['cli/main.ts', 'server/aside-worker.ts', 'gateway/cache/question-worker.ts'].map((path) =>
    join(root, 'src', path),
  ),
  // Names are kept: Elysia reads its handlers' source to see what they use, and stack traces stay readable.
  minify: { whitespace: true, syntax: true, identifiers: false },
  plugins: [lmdbPrebuild(values.target)],
  // Optional engines of the cache: whoever wants one installs it beside the binary.
  external: ['classic-level', '@nxtedition/rocksdb'],
  // The program reads .env itself, in its own order, and says so; a bunfig.toml beside the user is not its own.
  compile: {
    outfile,
    autoloadDotenv: false,
    autoloadBunfig: false,
    ...(values.target ? { target: values.target as Bun.Build.CompileTarget } : {}),
  },
});
if (!built.success) throw new AggregateError(built.logs, 'the build failed');
console.log(`${outfile} (${(statSync(outfile).size / 1e6).toFixed(0)} MB)`);
