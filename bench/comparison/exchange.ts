/**
 * Where a difference between our loss and that of the PyTorch twin comes from: the twin gets our initial weights, our views
 * (drawn augmentations and order), or both, over the same number of steps, and the rest is its own.
 *
 *     npx tsx bench/comparison/exchange.ts --seeds 3 --json FILE
 *
 * With both, only the arithmetic differs: convolutions, batch normalization, and optimizer.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import 'simclr-ts/wasm';
import { concat, ready, setBackend, tidy } from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import type { AdamW, ImageArray } from 'simclr-ts';
import { setThreadCount } from 'simclr-ts/wasm';
import { integer } from '../../src/cli/options.js';
import { passIndices } from '../../src/data/batches/epoch-order.js';
import { takeImages } from '../../src/data/image-rows.js';
import { cifar10Cache } from '../../src/node/datasets/cifar10.js';
import { findPython, threadVariables } from '../runtimes.js';
import { buildTrainer, readPictures } from './build.js';
import { type ExchangeResult, type ExchangeRun, exchangeTable } from './exchange-page.js';
import { bytesOf, writeWeights } from './hand-over.js';
import { learningRateAt, recipe } from './recipe.js';
import { runSide } from './run-side.js';
import type { TrainTask } from './task.js';

const log = (text: string) => console.error(text);
const script = fileURLToPath(new URL('./torch_simclr.py', import.meta.url));
const train = join(cifar10Cache(), 'train.bin');
const test = join(cifar10Cache(), 'test.bin');

/** The batches of all epochs, as `fit` takes them. */
function* batches(size: number, seed: number): Generator<{ indices: Uint32Array; epoch: number }> {
  const pass = { batchSize: recipe.batchSize, shuffle: true, dropRemainder: true, seed, startBatch: 0 };
  for (let epoch = 0; ; epoch++) {
    for (const indices of passIndices('exchange', 'pictures', size, { ...pass, epoch })) {
      yield { indices, epoch };
    }
  }
}

/** Trains ours. Its first weights and the views of every step go to the folder. */
async function trainOurs(pictures: ImageArray, seed: number, steps: number, folder: string) {
  const simclr = buildTrainer(recipe, seed);
  await writeWeights(folder, simclr);
  const losses: number[] = [];
  for (const { indices, epoch } of batches(pictures.shape[0], seed)) {
    const images = takeImages('exchange', pictures, indices);
    const views = simclr.views(images, indices, epoch);
    const both = tidy(() => concat(views, 0));
    writeFileSync(join(folder, `views${losses.length}.f32`), bytesOf(await both.data<'float32'>()));
    (simclr.optimizer as AdamW).learningRate = learningRateAt(recipe, losses.length / steps);
    const { loss } = await simclr.trainStep(images, { indices: [...indices], epoch });
    losses.push(loss);
    for (const tensor of [images, both, ...views]) tensor.dispose();
    if (losses.length % 50 === 0) log(`  step ${losses.length}, loss ${loss.toFixed(3)}`);
    if (losses.length === steps) break;
  }
  simclr.dispose();
  return losses;
}

const { seeds, steps, threads, json } = new Command('npx tsx bench/comparison/exchange.ts')
  .option('--seeds <n>', 'runs, with the seeds 0 to n - 1', integer(1), 3)
  .option('--steps <n>', 'steps of each run', integer(1), 200)
  .option('--threads <n>', 'threads of both sides', integer(1), 2)
  .option('--json <file>', 'writes the result')
  .parse()
  .opts<{ seeds: number; steps: number; threads: number; json?: string }>();

const found = findPython();
if ('missing' in found) {
  log(`There is nothing to exchange with: ${found.missing}.`);
  process.exit(1);
}
const { python } = found;
setThreadCount(threads);
await setBackend('wasm');
await ready();
const pictures = await readPictures(train);
const runs: ExchangeRun[] = [];
let framework = '';
for (let seed = 0; seed < seeds; seed++) {
  const folder = mkdtempSync(join(tmpdir(), 'simclr-exchange-'));
  const out = join(folder, 'out');
  mkdirSync(out);
  try {
    log(`ours, seed ${seed}`);
    runs.push({ seed, side: 'ours', loss: await trainOurs(pictures, seed, steps, folder) });
    const exchanged = {
      'PyTorch, nothing exchanged': {},
      'PyTorch with our first weights': { weights: folder },
      'PyTorch with our views': { views: folder },
      'PyTorch with both': { weights: folder, views: folder },
    };
    for (const [side, handedOver] of Object.entries(exchanged)) {
      log(`${side}, seed ${seed}`);
      const budget = { pairs: steps * recipe.batchSize };
      const files = { train, test, references: 10, testImages: 10, out };
      const task: TrainTask = { kind: 'train', recipe, seed, threads, budget, ...files, ...handedOver };
      const command = {
        command: python,
        args: [script, JSON.stringify(task)],
        env: threadVariables(threads),
      };
      const reply = await runSide(side, command, (line) => log(`  ${line}`));
      framework = reply.framework;
      runs.push({ seed, side, loss: reply.loss });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const result: ExchangeResult = {
    framework,
    machine: `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores`,
    date: new Date().toISOString().slice(0, 10),
    runs,
  };
  // Keep the seeds so far, in case a later one fails.
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  for (const row of exchangeTable(result)) console.log(row.join('  '));
}
process.exit();
