import { expect, test } from 'bun:test';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Docker and systemd are not where the tests run: these hold the facts that matter in what they will read.

const root = join(import.meta.dir, '../..');
const text = (path: string) => Bun.file(join(root, path)).text();
const { devDependencies } = (await Bun.file(join(root, 'package.json')).json()) as {
  devDependencies: Record<string, string>;
};

/** The Dockerfile's instructions in order, comments gone and continued lines joined. */
async function instructions(): Promise<{ name: string; value: string }[]> {
  const source = (await text('Dockerfile')).replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, '');
  return source
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ name: line.split(' ', 1)[0]!, value: line.slice(line.indexOf(' ') + 1) }));
}

const all = await instructions();
const finalStage = all.slice(all.findLastIndex(({ name }) => name === 'FROM'));
const last = (name: string) => finalStage.findLast((instruction) => instruction.name === name)?.value;

test('every stage of the image is the Bun that package.json locks', async () => {
  const bases = all.filter(({ name }) => name === 'FROM').map(({ value }) => value);
  expect(bases.length).toBeGreaterThan(0);
  for (const base of bases) expect(base).toStartWith(`oven/bun:${devDependencies['bun']}-slim`);
});

test('the image runs as an ordinary user, keeps its state in a volume and stops on SIGTERM', () => {
  expect(last('USER')).toBe('bun');
  expect(last('VOLUME')).toBe('/data');
  expect(last('WORKDIR')).toBe('/data');
  expect(last('EXPOSE')).toBe('8000');
  expect(last('STOPSIGNAL')).toBe('SIGTERM');
});

test('the image starts the program itself, with no shell that would keep signals', () => {
  const [bun, main] = JSON.parse(last('ENTRYPOINT')!) as string[];
  expect(bun).toBe('bun');
  expect(existsSync(join(root, main!.replace('/app/', '')))).toBe(true);
  expect(JSON.parse(last('CMD')!)).toEqual(['run']);
});

test('every file that the image copies is there, and .dockerignore lets it through', async () => {
  const copied = all
    .filter(({ name, value }) => name === 'COPY' && !value.startsWith('--from'))
    .flatMap(({ value }) => value.split(' ').slice(0, -1));
  expect(copied).toContain('src');
  const ignore = (await text('.dockerignore')).split('\n');
  expect(ignore).toContain('*');
  for (const path of copied) {
    expect(existsSync(join(root, path))).toBe(true);
    expect(ignore).toContain(`!${path}`);
  }
});

test.each([
  [200, 0],
  [503, 1],
])('the health check of an aifd that answers %d exits with %d', async (status, code) => {
  const paths: string[] = [];
  using server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      paths.push(new URL(request.url).pathname);
      return new Response('OK', { status });
    },
  });
  expect(await healthCheck({ PORT: String(server.port) })).toBe(code);
  expect(paths).toEqual(['/healthz']);
});

test('the health check fails where nothing listens', async () => {
  expect(await healthCheck({ PORT: '1' })).not.toBe(0);
});

function healthCheck(env: Record<string, string>): Promise<number> {
  const check = last('HEALTHCHECK')!;
  const [bun, ...args] = JSON.parse(check.slice(check.indexOf('CMD ') + 4)) as string[];
  expect(bun).toBe('bun');
  return Bun.spawn([process.execPath, ...args], { env, cwd: tmpdir(), stdio: ['ignore', 'ignore', 'ignore'] })
    .exited;
}

interface Compose {
  services: Record<
    string,
    { ports?: string[]; volumes?: string[]; depends_on?: object; environment?: unknown }
  >;
  volumes: Record<string, unknown>;
}

test('in compose.yaml only aifd is reachable from outside, and every volume is a named one', async () => {
  const { services, volumes } = Bun.YAML.parse(await text('compose.yaml')) as Compose;
  expect(Object.keys(services).toSorted()).toEqual(['aifd', 'localai', 'valkey']);
  expect(Object.keys(services).filter((name) => services[name]!.ports !== undefined)).toEqual(['aifd']);
  const mounted = Object.values(services).flatMap((service) => service.volumes ?? []);
  expect(mounted.map((mount) => mount.split(':')[0]!).toSorted()).toEqual(Object.keys(volumes).toSorted());
  expect(services['aifd']!.environment).toHaveProperty('OPENAI_BASE_URL', 'http://localai:8080');
});

test('the systemd unit outwaits SHUTDOWN_TIMEOUT, signals workers once, and does not retry a bad configuration', async () => {
  const unit = await text('deploy/aifd.service');
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];
  expect(Number(value('TimeoutStopSec'))).toBeGreaterThan(30 + 5);
  expect(value('KillMode')).toBe('mixed');
  expect(value('Restart')).toBe('on-failure');
  expect(value('RestartPreventExitStatus')).toBe('2');
  expect(value('DynamicUser')).toBe('yes');
  expect(Number(value('LimitNOFILE'))).toBeGreaterThanOrEqual(2 * 4_000 * 4);
});

test.skipIf(!Bun.which('systemd-analyze'))('systemd finds nothing wrong with the unit', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aifd-unit-'));
  try {
    const path = join(folder, 'aifd.service');
    // verify wants the program to be there, and it is not installed here.
    await Bun.write(
      path,
      (await text('deploy/aifd.service')).replace('=/usr/local/bin/aifd', `=${process.execPath}`),
    );
    const verify = Bun.spawn(['systemd-analyze', 'verify', '--man=no', path], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const complaints = await verify.stderr.text();
    expect(complaints.split('\n').filter((line) => line.includes('aifd.service'))).toEqual([]);
    expect(await verify.exited).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
