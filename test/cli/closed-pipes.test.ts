import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bundleProgram } from '../helpers/bundle-program.js';
import { temporaryFolder } from '../node/temporary.js';

const main = bundleProgram(fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)));

/** Runs the command line with nobody at the other end of a stream. */
function runClosed(args: readonly string[], closed: 'stdout' | 'stderr') {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: temporaryFolder(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child[closed].destroy();
  let other = '';
  child[closed === 'stdout' ? 'stderr' : 'stdout'].on('data', (data) => {
    other += data;
  });
  return new Promise<{ code: number | null; other: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, other }));
  });
}

describe('a pipe that nobody reads any more', () => {
  it.each([
    [['--help'], 0],
    [['train', '--help'], 0],
    [['--version'], 0],
    [['backends'], 0],
    [['embed', '--json'], 2],
    [['search', 'nowhere.png', '--in', '.', '--json'], 3],
  ])('of standard output is no error: %s', async (args, code) => {
    const end = await runClosed(args, 'stdout');
    expect(end.code).toBe(code);
    expect(end.other).not.toMatch(/EPIPE|node:internal/);
  });

  it.each([
    [['trian'], 2],
    [['embed', 'nowhere', '--out', 'x.npy'], 3],
    [['backends', '--verbose', '--json'], 0],
  ])('of standard error is no error: %s', async (args, code) => {
    expect(await runClosed(args, 'stderr')).toMatchObject({ code });
  });
});
