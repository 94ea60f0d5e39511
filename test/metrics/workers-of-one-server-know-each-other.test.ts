import { expect, test } from 'bun:test';
import { join } from 'node:path';

const module = JSON.stringify(join(import.meta.dir, '../../src/record/metrics/server-name.ts'));
const worker = `import { serverName } from ${module}; console.log(serverName());`;
const supervisor = `
  for (const index of ['0', '1']) {
    const env = { ...process.env, AIFD_WORKER: index };
    await Bun.spawn([process.execPath, '-e', ${JSON.stringify(worker)}], { env, stdout: 'inherit' }).exited;
  }
  await Bun.spawn([process.execPath, '-e', ${JSON.stringify(worker)}], { stdout: 'inherit' }).exited;
`;

async function names(): Promise<string[]> {
  const child = Bun.spawn([process.execPath, '-e', supervisor], { stdout: 'pipe' });
  return (await new Response(child.stdout).text()).trim().split('\n');
}

test('workers of one supervisor have one name; of another, and one that is alone, another', async () => {
  const [[first, second, alone], [other]] = await Promise.all([names(), names()]);
  expect(first).toBeTruthy();
  expect(second).toBe(first!);
  expect(other).not.toBe(first!);
  expect(alone).not.toBe(first!);
});
