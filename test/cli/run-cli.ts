import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** How a command line ended. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Where it runs. */
  cwd: string;
  /** Variables besides those of the test. */
  env?: Record<string, string>;
  /** Modules for Node to load first. */
  imports?: string[];
  /** Called with what came on standard error so far, and a way to send a signal. */
  onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Called once it runs, with a way to send a signal. */
  onStart?: (kill: (signal: NodeJS.Signals) => void) => Promise<void>;
}

/** Runs the command line from source, in a process of its own. */
export function runCLI(args: readonly string[], options: RunOptions): Promise<Outcome> {
  const { cwd, env = {}, imports = [], onStderr, onStart } = options;
  const loaders = [tsx, ...imports].flatMap((name) => ['--import', name]);
  const child = spawn(process.execPath, [...loaders, `${root}src/cli/main.ts`, ...args], {
    cwd,
    env: { ...process.env, TSX_TSCONFIG_PATH: `${root}tsconfig.json`, ...env },
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
  options: RunOptions,
): Promise<Outcome & { json: Record<string, unknown> }> {
  const outcome = await runCLI([...args, '--json'], options);
  try {
    return { ...outcome, json: JSON.parse(outcome.stdout) };
  } catch {
    throw new Error(`No JSON, exit code ${outcome.code}:\n${outcome.stdout}\n${outcome.stderr}`);
  }
}
