import type { BunPlugin } from 'bun';

/**
 * Puts LMDB's native part into the binary. lmdb looks for it at run time by walking node_modules, which a
 * compiled binary does not have; a `require` of one literal `.node` path is what Bun embeds (it writes the file
 * to the temporary folder and loads it from there, so that folder must not be mounted noexec).
 *
 * @param target what `bun build --target` takes; the machine's own when undefined. Its package
 * (`@lmdb/lmdb-<platform>-<arch>`) must be installed: `bun install --os=linux --cpu=arm64` for another.
 * @throws Error during the build when lmdb no longer loads its native part in the way replaced here
 */
export function lmdbPrebuild(target?: string): BunPlugin {
  return {
    name: 'lmdb-prebuild',
    setup(build) {
      build.onLoad({ filter: /[\\/]lmdb[\\/]native\.js$/ }, async ({ path }) => {
        const source = await Bun.file(path).text();
        const addon = Bun.resolveSync(prebuild(target), path);
        const contents = source.replace(
          /import loadNAPI from 'node-gyp-build-optional-packages';/,
          () => `const loadNAPI = () => require(${JSON.stringify(addon)});`,
        );
        if (contents === source) throw new Error(`${path} does not import its native part as it used to`);
        return { contents, loader: 'js' };
      });
    },
  };
}

/** `bun-linux-x64-musl` → `@lmdb/lmdb-linux-x64/node.napi.musl.node`. Only Linux has the libc in the name. */
function prebuild(target?: string): string {
  const [, platform = process.platform, arch = process.arch] = target?.split('-') ?? [];
  const system = platform === 'windows' ? 'win32' : platform;
  const libc = target?.endsWith('-musl') ? '.musl' : '.glibc';
  return `@lmdb/lmdb-${system}-${arch}/node.napi${system === 'linux' ? libc : ''}.node`;
}
