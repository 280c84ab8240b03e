import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { Program } from './programs.js';

const execute = promisify(execFile);

/**
 * Executes a program against the sources in a process of its own, in an empty folder of its own.
 *
 * @param root - The repository.
 * @returns What it printed.
 * @throws Error with everything it printed when it ends with an error.
 */
export async function runProgram(root: string, program: Program): Promise<string> {
  // Inside the repository, where its packages are found from.
  const cache = join(root, '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'sample-'));
  try {
    const outfile = join(folder, 'sample.mjs');
    await build({
      stdin: { contents: program.source, loader: 'ts', resolveDir: root, sourcefile: program.page },
      tsconfig: join(root, 'tsconfig.json'),
      bundle: true,
      format: 'esm',
      platform: 'node',
      external: ['@tensorflow/*', 'sharp', 'cli-progress'],
      sourcemap: 'inline',
      outfile,
      logLevel: 'silent',
    });
    const { stdout } = await execute(process.execPath, ['--enable-source-maps', outfile], { cwd: folder });
    return stdout;
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${program.name} does not run.\n${stdout}${stderr || message}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
