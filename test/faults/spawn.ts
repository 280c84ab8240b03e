import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { ChildMessage, ChildTask } from './messages.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const cache = join(here, '.cache');
let bundle: string | undefined;

/** The program as one file, so that a start takes half a second and not two. */
function bundled(): string {
  if (bundle) return bundle;
  mkdirSync(cache, { recursive: true });
  const outfile = join(cache, `child-${process.pid}.mjs`);
  buildSync({
    entryPoints: [join(here, 'child.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['@tensorflow/*', 'sharp', 'cli-progress'],
    logLevel: 'error',
  });
  bundle = outfile;
  return outfile;
}

/** A running child. */
export interface Child {
  process: ChildProcess;
  /** What it has said so far. */
  messages: ChildMessage[];
  /** When it said each of them, in milliseconds. */
  times: number[];
  /** Resolves with the next message of a kind, of those to come; `undefined` when it ends without one. */
  next(kind: ChildMessage['kind']): Promise<ChildMessage | undefined>;
  /** Resolves when it has ended and all that it said was read. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

/** What a task is, where nothing else is said. */
export const defaults = { backend: 'wasm', threads: 1, everySteps: 5, until: 1e6, width: 288 } as const;

/** Starts the program. */
export function startChild(task: Partial<ChildTask> & { folder: string }): Child {
  const child = spawn(process.execPath, [bundled(), JSON.stringify({ ...defaults, ...task })], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const messages: ChildMessage[] = [];
  const times: number[] = [];
  const waiting: { kind: string; resolve(message: ChildMessage | undefined): void }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return; // what tfjs has to say
    let message: ChildMessage;
    try {
      message = JSON.parse(line);
    } catch {
      return; // cut off by a kill
    }
    messages.push(message);
    times.push(performance.now());
    for (const [index, { kind, resolve }] of [...waiting.entries()].reverse()) {
      if (kind !== message.kind) continue;
      waiting.splice(index, 1);
      resolve(message);
    }
  });
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += String(data);
  });
  const ended = new Promise<Awaited<Child['ended']>>((resolve) => {
    child.on('close', (code, signal) => {
      for (const { resolve: give } of waiting.splice(0)) give(undefined);
      resolve({ code, signal, stderr });
    });
  });
  const next: Child['next'] = (kind) => new Promise((resolve) => waiting.push({ kind, resolve }));
  return { process: child, messages, times, next, ended };
}
