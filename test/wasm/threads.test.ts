import { execFile, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { availableCores } from '../../src/backend/available-cores.js';
import { BackendError, InvalidOptionError } from '../../src/errors/index.js';
import { setThreadCount } from '../../src/wasm/index.js';
import { kernelModule } from '../../src/wasm/module/kernel-module.js';
import { bundleProgram } from '../helpers/bundle-program.js';
import { temporaryFolder } from '../node/temporary.js';

const program = bundleProgram(fileURLToPath(new URL('threads-program.ts', import.meta.url)));

interface Outcome {
  threads?: number;
  missing?: string;
  reason?: string;
  hash?: string;
  error?: string;
  warnings: string;
}

/** Runs the program to its end: that it comes to one is part of what is tested. */
async function runWith(variables: Record<string, string>, ...args: string[]): Promise<Outcome> {
  return runNode(variables, [program, ...args]);
}

async function runNode(variables: Record<string, string>, command: string[]): Promise<Outcome> {
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

const isWindows = process.platform === 'win32';

describe('threads', () => {
  it('give the same bits, however many there are', async () => {
    const [one, two, three] = [await run('1'), await run('2'), await run('3')];
    expect([one.threads, two.threads, three.threads]).toEqual([1, 2, 3]);
    expect(three.reason).toMatch(/^WebAssembly on the processor, 3 threads, vectors of (128|256) bits$/);
    expect(two.hash).toBe(one.hash);
    expect(three.hash).toBe(one.hash);
  });

  it('are as many as there are cores for each of the ranks on the machine', async () => {
    const cores = Math.min(16, availableCores());
    expect((await runWith({ SIMCLR_TEST_WASM_THREADS: '' }, 'default')).threads).toBe(cores);
    const half = await runWith({ SIMCLR_TEST_WASM_THREADS: '', OMPI_COMM_WORLD_LOCAL_SIZE: '2' }, 'default');
    expect(half.threads).toBe(Math.max(1, Math.min(16, Math.floor(availableCores() / 2))));
    expect(
      (await runWith({ SIMCLR_TEST_WASM_THREADS: '', MPI_LOCALNRANKS: '1000' }, 'default')).threads,
    ).toBe(1);
  });

  it('are one, with one reason printed, where memory cannot be shared', async () => {
    const [alone, shared] = [await runWith({ SIMCLR_TEST_WASM_MEMORY: 'own' }, '2'), await run('1')];
    expect(alone.threads).toBe(1);
    expect(alone.hash).toBe(shared.hash);
    expect(alone.warnings.match(/simclr-ts\/wasm runs on one thread/g)).toHaveLength(1);
  });

  it('that die fail the next call with a named error, and nothing hangs', async () => {
    const { error } = await run('2', 'kill');
    expect(error).toMatch(/^BackendError: simclr-ts\/wasm: .*thread 1 ended/);
  });

  it.each([
    ['absent', 'exit code 3'],
    ['refused', 'no more threads'],
  ])('that never start (%s) are fewer, and nothing else', async (trouble, reason) => {
    const [without, one] = [await runWith({}, '3', trouble), await run('1')];
    expect(without).toMatchObject({ threads: 1, hash: one.hash });
    expect(without.missing).toMatch(new RegExp(`^thread [12] did not start: ${reason}$`));
    expect(without.reason).toMatch(/^WebAssembly on the processor, 1 thread, /);
    expect(without.reason).toContain(`, with fewer threads: ${without.missing}`);
    expect(without.warnings.match(/simclr-ts\/wasm runs on fewer than 3 threads/g)).toHaveLength(1);
  });

  it('take no options of the process, nor from its environment', async () => {
    const folder = temporaryFolder();
    const [log, probe] = [join(folder, 'log'), join(folder, 'instrument.mjs')];
    writeFileSync(
      probe,
      `import { appendFileSync } from 'node:fs';\nappendFileSync(${JSON.stringify(log)}, '.');\n`,
    );
    const url = pathToFileURL(probe).href;
    const text = `await import(${JSON.stringify(pathToFileURL(program).href)});`;
    const options = ['--input-type=module', '--import', url, '--eval', text, '--', 'as a file', '3'];
    const { threads, missing, hash } = await runNode({ NODE_OPTIONS: `--import ${url}` }, options);
    expect({ threads, missing, hash }).toEqual({ threads: 3, hash: (await run('1')).hash });
    expect(readFileSync(log, 'utf8')).toBe('.'); // a module of a process is evaluated once
  });

  it.skipIf(isWindows)(
    `may be stopped with the process for longer than they may take${isWindows ? ' (left out: Windows has no SIGSTOP)' : ''}`,
    async () => {
      const file = bundleProgram(fileURLToPath(new URL('paused-program.ts', import.meta.url)));
      const child = spawn(process.execPath, [file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const pause = 700; // more than twice the timeout of the program
      let output = '';
      for await (const piece of child.stdout) {
        output += piece;
        if (output.endsWith('stopping\n')) setTimeout(() => child.kill('SIGCONT'), pause);
      }
      const [outcome] = output.split('\n').slice(1) as [string];
      expect(JSON.parse(outcome)).toMatchObject({ error: null });
      expect(JSON.parse(outcome).milliseconds).toBeGreaterThan(300);
    },
  );

  it('are counted before they start, and with integers', () => {
    expect(() => setThreadCount(0)).toThrow(InvalidOptionError);
    expect(() => setThreadCount(1.5)).toThrow(InvalidOptionError);
    kernelModule();
    expect(() => setThreadCount(2)).toThrow(BackendError);
  });
});
