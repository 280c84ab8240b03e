import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A launcher and the flags that let it start more ranks than there are cores, as any user. */
export interface Launcher {
  name: string;
  command: string;
  flags: string[];
}

/** The launchers of this machine. */
export const launchers: Launcher[] = [
  { name: 'OpenMPI', command: 'mpirun.openmpi', flags: ['--oversubscribe', '--allow-run-as-root'] },
  { name: 'MPICH', command: 'mpirun.mpich', flags: [] },
].filter(({ command }) => spawnSync(command, ['--version']).status === 0);

/** How a job ended. */
export interface Outcome {
  code: number;
  stderr: string;
  stdout: string;
  seconds: number;
  /** What rank 0, 1, ... wrote. */
  values: unknown[];
}

/** Runs a program on `size` ranks; without a launcher by itself. Gives up after two minutes. */
export async function runJob(
  launcher: Launcher | undefined,
  size: number,
  program: string,
  task: object,
  variables: Record<string, string> = {},
): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'simclr-job-'));
  try {
    const node = [process.execPath, program, folder, JSON.stringify(task)];
    const [command, ...args] = launcher
      ? [launcher.command, ...launcher.flags, '-np', String(size), ...node]
      : node;
    const began = performance.now();
    const ended = await new Promise<Omit<Outcome, 'seconds' | 'values'>>((resolve) => {
      const environment = { ...process.env, SIMCLR_TEST_BACKEND: 'cpu', ...variables };
      execFile(command!, args, { env: environment, timeout: 120_000 }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr });
      });
    });
    const seconds = (performance.now() - began) / 1000;
    const values = await Promise.all(
      Array.from({ length: size }, async (_, rank) => {
        try {
          return JSON.parse(await readFile(join(folder, `${rank}.json`), 'utf8'));
        } catch {
          return undefined;
        }
      }),
    );
    return { ...ended, seconds, values };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
