/**
 * Trains for a long time and reports what grew: `npx tsx bench/long-run.ts --minutes 60 [--threads N] [--json FILE]`.
 * The main job's network on CIFAR-10's 50,000 pictures in batches of 256, a checkpoint every 100 steps, of which three
 * are kept. Prints a line per minute; at the end the slope of the resident memory and of the speed, fitted to all
 * minutes but the first three, in which the memory of wasm, the pictures and V8's heap come to their size.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { checkpointDirectory, loadCIFAR10 } from 'simclr-ts/node';
import { minutesRecipe } from 'simclr-ts/recipes';
import { checkpoint, SimCLR } from 'simclr-ts/training';
import { setThreadCount } from 'simclr-ts/wasm';
import { slope } from './statistics.js';

/** First minutes, which are left out of the fit. */
const settling = 3;

const options = new Command('npx tsx bench/long-run.ts')
  .option('--minutes <m>', 'how long', Number, 60)
  .option('--threads <n>', 'threads of the wasm backend', Number, 2)
  .option('--json <file>', 'writes a line of figures for each minute')
  .parse()
  .opts<{ minutes: number; threads: number; json?: string }>();

setThreadCount(options.threads);
await setBackend('wasm');
const { train } = await loadCIFAR10({ log: console.error });
const simclr = new SimCLR(minutesRecipe);
const folder = mkdtempSync(join(tmpdir(), 'simclr-ts-long-'));

interface Minute {
  minute: number;
  steps: number;
  stepsPerSecond: number;
  residentMB: number;
  heapMB: number;
  tensors: number;
  loss: number;
}
const fewest = (rows: readonly Minute[]) => Math.min(...rows.map(({ tensors }) => tensors));
const minutes: Minute[] = [];
const began = performance.now();
let last = { time: began, step: 0 };

try {
  const { outcome, steps } = await simclr.fit(train.images, {
    epochs: 1_000_000,
    batchSize: 256,
    callbacks: [
      checkpoint(checkpointDirectory(folder), { everySteps: 100, keep: 3 }),
      {
        onStepEnd({ step, loss }, { stop }) {
          const now = performance.now();
          if (now - last.time < 60_000) return;
          const { rss, heapUsed } = process.memoryUsage();
          const row: Minute = {
            minute: Math.round((now - began) / 60_000),
            steps: step,
            stepsPerSecond: (step - last.step) / ((now - last.time) / 1000),
            residentMB: rss / 2 ** 20,
            heapMB: heapUsed / 2 ** 20,
            tensors: memory().numTensors,
            loss,
          };
          minutes.push(row);
          console.log(
            `minute ${row.minute}: step ${step}, ${row.stepsPerSecond.toFixed(3)} steps/s, ${row.residentMB.toFixed(0)} MB resident, ` +
              `${row.heapMB.toFixed(0)} MB heap, ${row.tensors} tensors, loss ${loss.toFixed(4)}`,
          );
          last = { time: now, step };
          if ((now - began) / 60_000 >= options.minutes) stop('the time is up');
        },
      },
    ],
  });
  const fitted = minutes.filter(({ minute }) => minute > settling);
  const perHour = (value: (row: Minute) => number) =>
    60 * slope(fitted.map((row) => [row.minute, value(row)] as const));
  const speeds = fitted.map(({ stepsPerSecond }) => stepsPerSecond);
  const mean = speeds.reduce((sum, value) => sum + value, 0) / speeds.length;
  const summary = {
    outcome,
    steps: steps.length,
    minutes: minutes.length,
    threads: options.threads,
    residentMBPerHour: perHour(({ residentMB }) => residentMB),
    residentMB: fitted.at(-1)!.residentMB,
    stepsPerSecond: mean,
    speedChangePerHour: perHour(({ stepsPerSecond }) => stepsPerSecond) / mean,
    // A checkpoint that is being written holds tensors of its own; between checkpoints their number is constant.
    tensorsGrown: fewest(fitted.slice(-10)) - fewest(fitted.slice(0, 10)),
  };
  console.log(JSON.stringify(summary, null, 2));
  if (options.json)
    writeFileSync(options.json, `${JSON.stringify({ ...summary, rows: minutes }, null, 2)}\n`);
} finally {
  simclr.dispose();
  rmSync(folder, { recursive: true, force: true });
}
