/**
 * Where a difference between our loss and that of the PyTorch twin comes from: ours trains with PyTorch's first weights, with
 * its views (drawn augmentations and order), or with both, over the same number of steps.
 *
 *     npx tsx bench/comparison/exchange.ts --json FILE
 *
 * With both, only arithmetic is ours: convolutions, batch normalization, loss, and optimizer. Training is chaotic, so this
 * is repeated with the first filters multiplied by 1 + 1e-5, 1 + 2e-5, ..., which changes nothing but rounding: the spread
 * of these runs is what a difference has to exceed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import 'simclr-ts/wasm';
import { mul, ready, setBackend, slice, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import {
  AdamW,
  contrastiveGradients,
  type ImageArray,
  ntXentLoss,
  type SimCLR,
  trainableVariables,
} from 'simclr-ts';
import { setThreadCount } from 'simclr-ts/wasm';
import { integer } from '../../src/cli/options.js';
import { passIndices } from '../../src/data/batches/epoch-order.js';
import { takeImages } from '../../src/data/image-rows.js';
import { cifar10Cache } from '../../src/node/datasets/cifar10.js';
import { placeAndDate } from '../place-and-date.js';
import { findPython, threadVariables } from '../runtimes.js';
import { buildTrainer, readPictures } from './build.js';
import { type ExchangeResult, type ExchangeRun, exchangeTable } from './exchange-page.js';
import { readFloats, readWeights } from './hand-over.js';
import { learningRateAt, recipe } from './recipe.js';
import { runSide } from './run-side.js';
import type { TrainReply, TrainTask } from './task.js';

const log = (text: string) => console.error(text);
const script = fileURLToPath(new URL('./torch_simclr.py', import.meta.url));
const train = join(cifar10Cache(), 'train.bin');
const test = join(cifar10Cache(), 'test.bin');

/** What a run of ours takes from a folder of PyTorch's. */
interface Exchanged {
  weights?: string;
  views?: string;
  /** What the first filters are multiplied by. */
  factor?: number;
}

type Views = [Tensor4D, Tensor4D];

/** Our own views of every step, as `fit` makes them. */
function* ownViews(simclr: SimCLR, pictures: ImageArray, seed: number): Generator<Views> {
  const pass = { batchSize: recipe.batchSize, shuffle: true, dropRemainder: true, seed, startBatch: 0 };
  for (let epoch = 0; ; epoch++) {
    for (const indices of passIndices('exchange', 'pictures', pictures.shape[0], { ...pass, epoch })) {
      const images = takeImages('exchange', pictures, indices);
      yield simclr.views(images, indices, epoch) as Views;
      images.dispose();
    }
  }
}

/** The views of every step that a folder holds. */
function* readViews(folder: string): Generator<Views> {
  const count = recipe.batchSize;
  for (let step = 0; ; step++) {
    const both = readFloats(join(folder, `views${step}.f32`));
    yield tidy(() => {
      const all = tensor4d(both, [2 * count, 32, 32, 3]);
      return [slice(all, 0, count), slice(all, count, count)];
    });
  }
}

function scaleFirstFilters({ encoder }: SimCLR, factor: number): void {
  const first = encoder.layers.find((layer) => layer.getWeights().length > 0)!;
  tidy(() => first.setWeights(first.getWeights().map((weight) => mul(weight, factor))));
}

/** Trains ours; the loss of every step. */
function trainOurs(pictures: ImageArray, seed: number, steps: number, given: Exchanged): number[] {
  const { weights, views, factor = 1 } = given;
  const simclr = buildTrainer(recipe, seed);
  const { encoder, projectionHead } = simclr;
  if (weights !== undefined) readWeights(simclr, weights);
  scaleFirstFilters(simclr, factor);
  const variables = trainableVariables(encoder, projectionHead);
  const optimizer = new AdamW({ weightDecay: recipe.weightDecay });
  const losses: number[] = [];
  const { temperature } = recipe;
  for (const [first, second] of views === undefined ? ownViews(simclr, pictures, seed) : readViews(views)) {
    optimizer.learningRate = learningRateAt(recipe, losses.length / steps);
    const { loss, gradients } = contrastiveGradients(first, second, {
      encoder,
      projectionHead,
      loss: (z1, z2) => ntXentLoss(z1, z2, { temperature }),
      variables,
    });
    optimizer.applyGradients(gradients);
    losses.push(loss.dataSync()[0]!);
    for (const tensor of [loss, first, second, ...Object.values(gradients)]) tensor.dispose();
    if (losses.length % 50 === 0) log(`  step ${losses.length}, loss ${losses.at(-1)!.toFixed(3)}`);
    if (losses.length === steps) break;
  }
  optimizer.dispose();
  simclr.dispose({ includeGiven: true });
  return losses;
}

const { seeds, steps, threads, json, pytorch, repeats } = new Command('npx tsx bench/comparison/exchange.ts')
  .option('--seeds <n>', 'runs, with the seeds 0 to n - 1', integer(1), 1)
  .option('--steps <n>', 'steps of each run', integer(1), 200)
  .option('--threads <n>', 'threads of both sides', integer(1), 2)
  .option('--repeats <n>', 'more runs with both, whose first filters differ by rounding', integer(0), 2)
  .option('--no-pytorch', 'does not train PyTorch itself')
  .option('--json <file>', 'writes the result')
  .parse()
  .opts<{
    seeds: number;
    steps: number;
    threads: number;
    json?: string;
    pytorch: boolean;
    repeats: number;
  }>();

const found = findPython();
if ('missing' in found) {
  log(`There is nothing to exchange with: ${found.missing}.`);
  process.exit(1);
}
const { python } = found;
const twin = <Reply extends { framework: string }>(name: string, task: object) =>
  runSide<Reply>(
    name,
    { command: python, args: [script, JSON.stringify(task)], env: threadVariables(threads) },
    (line) => log(`  ${line}`),
  );
setThreadCount(threads);
await setBackend('wasm');
await ready();
const pictures = await readPictures(train);
const runs: ExchangeRun[] = [];
for (let seed = 0; seed < seeds; seed++) {
  const folder = mkdtempSync(join(tmpdir(), 'simclr-exchange-'));
  let framework: string;
  try {
    const side = { recipe, seed, threads, train, out: folder };
    ({ framework } = await twin('hand-over', { kind: 'hand-over', steps, ...side }));
    const both = { weights: folder, views: folder };
    const exchanged: [name: string, given: Exchanged][] = [
      ['ours', {}],
      ["ours with PyTorch's first weights", { weights: folder }],
      ["ours with PyTorch's views", { views: folder }],
    ];
    for (let repeat = 0; repeat <= repeats; repeat++) {
      exchanged.push(['ours with both', { ...both, factor: 1 + repeat * 1e-5 }]);
    }
    for (const [name, given] of exchanged) {
      log(`${name}, seed ${seed}`);
      runs.push({ seed, side: name, loss: trainOurs(pictures, seed, steps, given) });
    }
    if (pytorch) {
      log(`PyTorch, seed ${seed}`);
      const budget = { pairs: steps * recipe.batchSize };
      const task: TrainTask = { kind: 'train', ...side, budget, test, references: 10, testImages: 10 };
      runs.push({ seed, side: 'PyTorch', loss: (await twin<TrainReply>('PyTorch', task)).loss });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const result: ExchangeResult = {
    framework,
    ...placeAndDate(),
    runs,
  };
  // Keep the seeds so far, in case a later one fails.
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  for (const row of exchangeTable(result)) console.log(row.join('  '));
}
process.exit();
