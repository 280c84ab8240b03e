import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { abortGroup, workerGroup } from 'simclr-ts/distributed';
import { afterAll, beforeAll } from 'vitest';
import type { Task } from './tasks.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a rank answered. */
export interface Answer {
  value?: unknown;
  error?: string;
}

/** Bundles a program of a test before its tests, into a folder that is removed after them. */
export function bundled(source: string): () => string {
  let folder = '';
  let outfile = '';
  beforeAll(async () => {
    await mkdir(join(root, '.cache'), { recursive: true });
    folder = await mkdtemp(join(root, '.cache', 'ranks-'));
    outfile = join(folder, 'program.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL(source, import.meta.url))],
      tsconfig: join(root, 'tsconfig.json'),
      bundle: true,
      format: 'esm',
      platform: 'node',
      external: ['@tensorflow/*', 'koffi'],
      outfile,
      logLevel: 'silent',
    });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return () => outfile;
}

/** Runs a task on `size` threads, each a rank with a TensorFlow.js of its own, and collects what they answer. */
export async function runRanks(program: string, size: number, task: Task): Promise<Answer[]> {
  const group = workerGroup(size, { slotBytes: task.name === 'train' ? 2 ** 16 : 4096 });
  return Promise.all(
    Array.from({ length: size }, (_, rank) => {
      return new Promise<Answer>((resolve) => {
        const worker = new Worker(program, { workerData: { group, rank, task } });
        let answer: Answer | undefined;
        worker.on('message', (message: Answer) => {
          answer = message;
        });
        worker.on('error', (error) => {
          answer = { error: String(error) };
        });
        worker.on('exit', (code) => {
          if (answer === undefined) abortGroup(group, `rank ${rank} ended with code ${code}`);
          resolve(answer ?? { error: `ended with code ${code}` });
        });
      });
    }),
  );
}
