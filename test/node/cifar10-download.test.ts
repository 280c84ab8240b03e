import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './temporary.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** In place of npm: writes a part of the archive, and waits forever. */
const slowNpm = `
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const folder = process.argv[process.argv.indexOf('--pack-destination') + 1];
writeFileSync(join(folder, 'part.tgz'), Buffer.alloc(1e6));
writeFileSync(join(process.env.SIMCLR_CACHE, 'npm.pid'), String(process.pid));
setInterval(() => {}, 1000);
`;

async function startDownload(cache: string) {
  const npm = join(cache, 'npm.cjs');
  writeFileSync(npm, slowNpm);
  const program = "import { loadCIFAR10 } from './src/node/index.ts'; await loadCIFAR10();";
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: root,
    env: { ...process.env, SIMCLR_CACHE: cache, npm_execpath: npm },
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const pid = join(cache, 'npm.pid');
  while (!existsSync(pid) || statSync(pid).size === 0) await sleep(5);
  return { child, ended, npm: Number(readFileSync(pid, 'utf8')) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const leftIn = (cache: string) => readdirSync(join(cache, 'simclr-ts/cifar10'));

describe('a download of CIFAR-10', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('that %s ends leaves nothing', async (signal, code) => {
    const cache = temporaryFolder();
    const { child, ended, npm } = await startDownload(cache);
    expect(leftIn(cache)).toEqual([`fetching-${hostname()}-${child.pid}`]);
    child.kill(signal);
    expect(await ended).toBe(code);
    expect(leftIn(cache)).toEqual([]);
    while (isAlive(npm)) await sleep(5);
  });

  it('removes what others left that were killed, and nothing of those that run', async () => {
    const cache = temporaryFolder();
    const first = await startDownload(cache);
    first.child.kill('SIGKILL');
    await first.ended;
    process.kill(first.npm);
    const folder = join(cache, 'simclr-ts/cifar10');
    expect(leftIn(cache)).toHaveLength(1);
    const others = [`fetching-${hostname()}-${process.pid}`, 'fetching-another-host-1', 'fetching-x5Kd1w'];
    for (const name of others) mkdirSync(join(folder, name));
    writeFileSync(join(cache, 'npm.pid'), '');
    const second = await startDownload(cache);
    expect(leftIn(cache).sort()).toEqual(
      [...others.slice(0, 2), `fetching-${hostname()}-${second.child.pid}`].sort(),
    );
    second.child.kill('SIGINT');
    await second.ended;
  });
});
