import { expect, test } from 'bun:test';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../workers/fixtures/supervised.ts';
import { aifd, folder } from './aifd.ts';

const features: Record<string, { env: Record<string, string>; inside: string; said: RegExp }> = {
  usage: { env: { USAGE: 'true' }, inside: 'usage', said: /^aifd: USAGE is true: usage can't be kept in / },
  limits: {
    env: { REQ_RATE_LIMIT: '{"/": "9/hour"}', RATE_LIMIT_BACKEND: 'lmdb' },
    inside: 'windows',
    said: /^aifd: RATE_LIMIT_BACKEND is lmdb: request windows can't be kept in /,
  },
  cache: {
    env: { CACHE_CHAT_COMPLETION: 'true', CACHE_BACKEND: 'lmdb' },
    inside: 'cache/lmdb',
    said: /^aifd: CACHE_BACKEND is lmdb: answers can't be kept in /,
  },
  'chat logs': {
    env: { LOG_CHAT: 'true' },
    inside: '',
    said: /^aifd: LOG_DIR is \S+: chat logs can't be kept there: /,
  },
};

const parent = (path: string) => mkdirSync(join(path, '..'), { recursive: true });
const damages: Record<string, (path: string) => void> = {
  'a file': (path) => {
    parent(path);
    writeFileSync(path, '');
  },
  'a link that leads nowhere': (path) => {
    parent(path);
    symlinkSync('/nowhere/at/all', path);
  },
  'on a read-only disk': (path) => {
    mkdirSync(path, { recursive: true });
    Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', path]);
  },
  'full of something else': (path) => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'data.mdb'), 'no database');
  },
};

const unmount = (path: string) => void Bun.spawnSync(['umount', '-l', path], { stderr: 'ignore' });
const probe = folder();
const canMount = Bun.spawnSync(['mount', '-t', 'tmpfs', 'tmpfs', probe]).success;
unmount(probe);

const cases = Object.keys(features).flatMap((feature) =>
  Object.keys(damages)
    .filter((damage) => damage !== 'on a read-only disk' || canMount)
    .filter((damage) => damage !== 'full of something else' || feature !== 'chat logs')
    .flatMap((damage) => ['1', '2'].map((workers) => ({ feature, damage, workers }))),
);

test.each(cases)(
  'the folder of $feature is $damage: one line and exit code 2, with WORKERS=$workers',
  async ({ feature, damage, workers: WORKERS }) => {
    const { env, inside, said } = features[feature]!;
    const DATA_DIR = join(folder(), 'data');
    const path = join(DATA_DIR, inside);
    damages[damage]!(path);
    try {
      const { err, code } = await aifd(['run'], {
        env: { ...env, DATA_DIR, LOG_DIR: DATA_DIR, WORKERS, PORT: `${freePort()}` },
      });
      expect(err).toMatch(said);
      expect(err.trimEnd()).not.toContain('\n');
      expect(code).toBe(2);
    } finally {
      unmount(path);
    }
  },
);
