import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BackendError, InvalidOptionError } from '../../src/errors/index.js';
import { setThreadCount } from '../../src/wasm/index.js';
import { kernelModule } from '../../src/wasm/kernel-module.js';

const program = fileURLToPath(new URL('threads-program.ts', import.meta.url));

interface Outcome {
  threads?: number;
  hash?: string;
  error?: string;
  warnings: string;
}

/** Runs the program to its end: that it comes to one is part of what is tested. */
async function runWith(variables: Record<string, string>, ...args: string[]): Promise<Outcome> {
  const command = ['--import', 'tsx', program, ...args];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, {
    timeout: 60_000,
    env: { ...process.env, SIMCLR_TEST_WASM_MEMORY: 'shared', ...variables },
  });
  return { ...JSON.parse(stdout), warnings: stderr };
}

async function run(...args: string[]): Promise<Outcome> {
  const outcome = await runWith({}, ...args);
  expect(outcome.warnings).toBe('');
  return outcome;
}

describe('threads', () => {
  it('give the same bits, however many there are', async () => {
    const [one, two, three] = [await run('1'), await run('2'), await run('3')];
    expect([one.threads, two.threads, three.threads]).toEqual([1, 2, 3]);
    expect(two.hash).toBe(one.hash);
    expect(three.hash).toBe(one.hash);
  });

  it('are as many as there are cores for each of the ranks on the machine', async () => {
    const cores = Math.min(16, availableParallelism());
    expect((await runWith({ SIMCLR_TEST_WASM_THREADS: '' }, 'default')).threads).toBe(cores);
    const half = await runWith({ SIMCLR_TEST_WASM_THREADS: '', OMPI_COMM_WORLD_LOCAL_SIZE: '2' }, 'default');
    expect(half.threads).toBe(Math.max(1, Math.min(16, Math.floor(availableParallelism() / 2))));
    expect(
      (await runWith({ SIMCLR_TEST_WASM_THREADS: '', MPI_LOCALNRANKS: '1000' }, 'default')).threads,
    ).toBe(1);
  });

  it('are one, with one reason printed, where memory cannot be shared', async () => {
    const [alone, shared] = [await runWith({ SIMCLR_TEST_WASM_MEMORY: 'own' }, '2'), await run('1')];
    expect(alone.threads).toBe(1);
    expect(alone.hash).toBe(shared.hash);
    expect(alone.warnings.match(/simclr-ts\/wasm: one thread/g)).toHaveLength(1);
  });

  it('that die fail the next call with a named error, and nothing hangs', async () => {
    const { error } = await run('2', 'kill');
    expect(error).toMatch(/^BackendError: simclr-ts\/wasm: .*thread 1 ended/);
  });

  it('are counted before they start, and with whole numbers', () => {
    expect(() => setThreadCount(0)).toThrow(InvalidOptionError);
    expect(() => setThreadCount(1.5)).toThrow(InvalidOptionError);
    kernelModule();
    expect(() => setThreadCount(2)).toThrow(BackendError);
  });
});
