import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Memory, Worker } from './measure.js';

/** How a worker process is started. */
export interface WorkerCommand {
  command: string;
  args: string[];
  env?: Record<string, string>;
}

interface Reply {
  ready?: string;
  seconds?: number;
  /** Peak resident memory so far, in MB. */
  megabytes?: number;
  error?: string;
}

/**
 * Starts a worker process and waits until it has prepared its work. Both sides exchange JSON, one object per line: it
 * writes `{"ready": label}`, then answers each `{"repetitions": n}` by `{"seconds": s}`; `{"error": text}` ends it.
 * Both answers may have `megabytes`, the most memory so far.
 *
 * @param name - What it is, in errors.
 * @param timeout - Seconds that an answer may take.
 */
export async function startWorker(
  name: string,
  { command, args, env = {} }: WorkerCommand,
  timeout = 600,
): Promise<Worker> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'pipe' });
  const replies = readReplies(name, child, timeout);
  try {
    const { ready, megabytes = Number.NaN } = await replies.next();
    if (ready === undefined) throw new Error(`${name} did not report its name first.`);
    const memory: Memory = { prepared: megabytes, peak: megabytes };
    return {
      label: ready,
      memory,
      run: async (repetitions) => {
        child.stdin.write(`${JSON.stringify({ repetitions })}\n`);
        const { seconds, megabytes } = await replies.next();
        memory.peak = megabytes ?? Number.NaN;
        if (!(seconds !== undefined && seconds > 0))
          throw new Error(`${name} answered no time. Received: ${seconds}.`);
        return seconds;
      },
      close: () => end(child),
    };
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** The replies of a process in order; an error once it has ended, reported one, or kept silent for too long. */
function readReplies(name: string, child: ChildProcessWithoutNullStreams, timeout: number) {
  const waiting: Array<{ resolve(reply: Reply): void; reject(error: Error): void }> = [];
  const arrived: Reply[] = [];
  let failure: Error | undefined;
  let stderr = '';
  const fail = (error: Error) => {
    failure ??= error;
    for (const { reject } of waiting.splice(0)) reject(failure);
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2000);
  });
  child.stdin.on('error', () => {}); // it has ended; 'close' says so
  child.on('error', (error) => fail(new Error(`${name} does not start: ${error.message}`)));
  child.on('close', (code, signal) => {
    fail(new Error(`${name} ended (${signal ?? `code ${code}`}).${stderr && `\n${stderr.trimEnd()}`}`));
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return; // a library that talks
    const reply = JSON.parse(line) as Reply;
    if (reply.error !== undefined) return fail(new Error(`${name}: ${reply.error}`));
    const next = waiting.shift();
    if (next) next.resolve(reply);
    else arrived.push(reply);
  });
  return {
    next(): Promise<Reply> {
      const reply = arrived.shift();
      if (reply) return Promise.resolve(reply);
      if (failure) return Promise.reject(failure);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => fail(new Error(`${name} did not answer in ${timeout} s.`)),
          timeout * 1000,
        );
        const settle =
          <T>(then: (value: T) => void) =>
          (value: T) => {
            clearTimeout(timer);
            then(value);
          };
        waiting.push({ resolve: settle(resolve), reject: settle(reject) });
      });
    },
  };
}

/** Ends a process at once, because it has nothing to save. */
function end(child: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('close', () => resolve());
    child.kill('SIGKILL');
  });
}
