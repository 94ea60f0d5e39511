/** What `scripts/release.ts` looks at before it changes anything. */
export interface ReleaseState {
  /** The version asked for, such as `0.2.0`. */
  readonly version: string;
  /** The version in package.json. */
  readonly current: string;
  readonly changelog: string;
  /** The output of `git status --porcelain`. */
  readonly changed: string;
  readonly branch: string;
  readonly tags: readonly string[];
}

const UNRELEASED = '## Unreleased';

/** Every reason why this release can't be made, one a line. Empty when it can. */
export function releaseProblems(state: ReleaseState): string[] {
  const { version, current, changelog, changed, branch, tags } = state;
  const problems: string[] = [];
  if (!/^\d+\.\d+\.\d+(?:-[0-9a-z.]+)?$/.test(version))
    problems.push(`the version is '${version}': give one such as 0.2.0`);
  else if (Bun.semver.order(version, current) <= 0)
    problems.push(`the version is ${version}: it must be greater than ${current}`);
  if (tags.includes(`v${version}`)) problems.push(`the tag v${version} exists`);
  if (changed !== '') problems.push(`there are uncommitted changes:\n${changed}`);
  if (branch !== 'main') problems.push(`the branch is '${branch}': release from main`);
  if (unreleased(changelog) === '') problems.push(`CHANGELOG.md has nothing under "${UNRELEASED}"`);
  return problems;
}

/** The changelog with the unreleased section under the version and the day, and that section alone as release notes. */
export function releasedChangelog(
  changelog: string,
  version: string,
  day: string,
): { changelog: string; notes: string } {
  const heading = `## ${version} - ${day}`;
  return {
    changelog: changelog.replace(UNRELEASED, `${UNRELEASED}\n\n${heading}`),
    notes: `${heading}\n\n${unreleased(changelog)}\n`,
  };
}

function unreleased(changelog: string): string {
  const from = changelog.indexOf(`${UNRELEASED}\n`);
  if (from < 0) return '';
  const rest = changelog.slice(from + UNRELEASED.length);
  const end = rest.indexOf('\n## ');
  return (end < 0 ? rest : rest.slice(0, end)).trim();
}
