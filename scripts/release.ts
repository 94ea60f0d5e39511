/**
 * Makes a release: `bun run release 0.2.0 [--dry-run]`. Checks the tree, sets the version in package.json, moves the
 * changelog's "Unreleased" section under the version and today's date, commits, tags, and fills `dist/` with the
 * package's tarball, one binary a platform, and SHA256SUMS. It pushes and publishes nothing: it prints the commands.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { releasedChangelog, releaseProblems } from './release-notes.ts';

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-arm64'];

const root = join(import.meta.dir, '..');
const dist = join(root, 'dist');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'dry-run': { type: 'boolean', default: false } },
});
const version = positionals[0] ?? '';
const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
const packageFile = join(root, 'package.json');
const packageText = readFileSync(packageFile, 'utf8');

const problems = releaseProblems({
  version,
  current: (JSON.parse(packageText) as { version: string }).version,
  changelog,
  changed: output(['git', 'status', '--porcelain']),
  branch: output(['git', 'branch', '--show-current']),
  tags: output(['git', 'tag', '--list']).split('\n'),
});
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(2);
}

const today = new Date().toISOString().slice(0, 10);
if (values['dry-run']) {
  console.log(`would release ${version} of ${today}:\n`);
  console.log(releasedChangelog(changelog, version, today).notes);
  process.exit(0);
}

run(['bun', 'run', '--silent', 'test']);
writeFileSync(packageFile, packageText.replace(/("version": ")[^"]+/, `$1${version}`));
writeFileSync(join(root, 'CHANGELOG.md'), releasedChangelog(changelog, version, today).changelog);
run(['git', 'commit', '--quiet', '--all', '--message', `release: ${version}`]);
run(['git', 'tag', '--annotate', `v${version}`, '--message', `aifd ${version}`]);
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
run(['bun', 'pm', 'pack', '--destination', dist]);
for (const platform of PLATFORMS)
  run([
    'bun',
    'scripts/build.ts',
    '--target',
    `bun-${platform}`,
    '--outfile',
    join(dist, `aifd-${platform}`),
  ]);
const files = [...new Bun.Glob('*').scanSync(dist)].toSorted();
const sums = files.map((name) => `${sha256(join(dist, name))}  ${name}\n`);
writeFileSync(join(dist, 'SHA256SUMS'), sums.join(''));
console.log(
  `${files.join('\n')}\n\nNext:\n  git push --follow-tags\n  bun publish dist/aifd-${version}.tgz\n  upload dist/* to the release of v${version}`,
);

function run(command: string[]): void {
  const { exitCode } = Bun.spawnSync(command, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (exitCode === 0) return;
  console.error(`failed with exit code ${exitCode}: ${command.join(' ')}`);
  process.exit(1);
}

function output(command: string[]): string {
  return Bun.spawnSync(command, { cwd: root }).stdout.toString().trim();
}

function sha256(path: string): string {
  return new Bun.CryptoHasher('sha256').update(readFileSync(path)).digest('hex');
}
