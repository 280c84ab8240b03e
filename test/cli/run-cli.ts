import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import { getBackend, setBackend } from '@tensorflow/tfjs-core';
import { vi } from 'vitest';
import { runCommandLine } from '../../src/cli/program.js';
import { bundleProgram } from '../helpers/bundle-program.js';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** How a command line ended. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** The working directory. Default: that of the test. */
  cwd?: string;
  /** Variables besides those of the test. */
  env?: Record<string, string>;
  /** Modules for Node to load first, in a process of its own. */
  imports?: string[];
  /** Called with what came on standard error so far, and a way to send a signal to a process of its own. */
  onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Called once a process of its own runs, with a way to send a signal. */
  onStart?: (kill: (signal: NodeJS.Signals) => void) => Promise<void>;
  /** Whether it runs in a process of its own. Default: when an option above asks for one. */
  spawned?: boolean;
}

/** Runs the command line from source: in this process, which takes no time to start, unless an option needs another. */
export function runCLI(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { imports, onStderr, onStart, spawned = Boolean(imports || onStderr || onStart) } = options;
  return spawned ? runSpawned(args, options) : runHere(args, options);
}

let lastRun: Promise<unknown> = Promise.resolve();

/** One at a time: the working directory, the environment and the streams belong to the whole process. */
function runHere(args: readonly string[], options: RunOptions): Promise<Outcome> {
  const run = lastRun.then(() => runAlone(args, options));
  lastRun = run.catch(() => {});
  return run;
}

async function runAlone(args: readonly string[], { cwd, env = {} }: RunOptions): Promise<Outcome> {
  const texts = { stdout: '', stderr: '' };
  const capture = (name: 'stdout' | 'stderr') =>
    vi.spyOn(process[name], 'write').mockImplementation(((
      chunk: unknown,
      encoding?: unknown,
      done?: unknown,
    ) => {
      texts[name] += Buffer.isBuffer(chunk) ? chunk.toString() : String(chunk);
      const callback = typeof encoding === 'function' ? encoding : done;
      if (typeof callback === 'function') callback();
      return true;
    }) as typeof process.stdout.write);
  // vitest has a console of its own.
  const say = (method: 'log' | 'info' | 'warn' | 'error', name: 'stdout' | 'stderr') =>
    vi.spyOn(console, method).mockImplementation((...words) => {
      texts[name] += `${format(...words)}\n`;
    });
  const before = { backend: getBackend(), cwd: process.cwd(), env: process.env, exitCode: process.exitCode };
  const spies = [
    capture('stdout'),
    capture('stderr'),
    say('log', 'stdout'),
    say('info', 'stdout'),
    say('warn', 'stderr'),
    say('error', 'stderr'),
  ];
  try {
    if (cwd !== undefined) process.chdir(cwd);
    process.env = { ...process.env, ...env };
    return { code: await runCommandLine(args), ...texts };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.chdir(before.cwd);
    process.env = before.env;
    process.exitCode = before.exitCode;
    await setBackend(before.backend);
  }
}

function runSpawned(args: readonly string[], options: RunOptions): Promise<Outcome> {
  const { cwd, env = {}, imports = [], onStderr, onStart } = options;
  const loaders = imports.flatMap((name) => ['--import', name]);
  const child = spawn(process.execPath, [...loaders, bundleProgram(main), ...args], {
    cwd,
    env: { ...process.env, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
    onStderr?.(stderr, (signal) => child.kill(signal));
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    onStart?.((signal) => child.kill(signal)).catch(reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The same with --json: what was printed, as data. */
export async function runJSON(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome & { json: Record<string, unknown> }> {
  const outcome = await runCLI([...args, '--json'], options);
  try {
    return { ...outcome, json: JSON.parse(outcome.stdout) };
  } catch {
    throw new Error(`No JSON, exit code ${outcome.code}:\n${outcome.stdout}\n${outcome.stderr}`);
  }
}
