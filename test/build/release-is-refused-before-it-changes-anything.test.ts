import { expect, test } from 'bun:test';
import { releasedChangelog, releaseProblems, type ReleaseState } from '../../scripts/release-notes.ts';

const changelog =
  '# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.1.0 - 2026-01-01\n\n- Old.\n';
const ready: ReleaseState = {
  version: '0.2.0',
  current: '0.1.0',
  changelog,
  changed: '',
  branch: 'main',
  tags: ['v0.1.0'],
};

test('a clean tree on main with a newer version can be released', () => {
  expect(releaseProblems(ready)).toEqual([]);
});

test.each([
  [{ version: 'next' }, "the version is 'next'"],
  [{ version: '0.1.0', tags: [] }, 'must be greater than 0.1.0'],
  [{ tags: ['v0.2.0'] }, 'the tag v0.2.0 exists'],
  [{ changed: ' M src/a.ts' }, 'uncommitted changes'],
  [{ branch: 'topic' }, "the branch is 'topic'"],
  [{ changelog: '# Changelog\n\n## Unreleased\n\n## 0.1.0\n' }, 'nothing under'],
])('%j is refused and named', (change, message) => {
  const problems = releaseProblems({ ...ready, ...change });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(message);
});

test('the unreleased section moves under the version, and becomes the notes', () => {
  const released = releasedChangelog(changelog, '0.2.0', '2026-11-27');
  expect(released.notes).toBe('## 0.2.0 - 2026-11-27\n\n### Added\n\n- A thing.\n');
  expect(released.changelog).toContain('## Unreleased\n\n## 0.2.0 - 2026-11-27\n\n### Added');
});
