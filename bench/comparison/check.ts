/**
 * Checks that both sides train alike. Prints, for ours and its PyTorch twin,
 *
 * - the losses of steps from equal weights on equal views, and how far the weights are apart afterwards;
 * - moments of the views that each augmentation makes of the same pictures, with the error of sampling.
 *
 *     npx tsx bench/comparison/check.ts [steps] [draws]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import 'simclr-ts/wasm';
import {
  concat,
  type NamedTensorMap,
  ready,
  setBackend,
  type Tensor4D,
  tensor4d,
  tidy,
  transpose,
  type Variable,
} from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import {
  AdamW,
  augment,
  batchRandom,
  contrastiveGradients,
  getTorchvisionWeights,
  type ImageArray,
  ntXentLoss,
  trainableVariables,
} from 'simclr-ts';
import { setThreadCount } from 'simclr-ts/wasm';
import { integer } from '../../src/cli/options.js';
import { cifar10Cache } from '../../src/node/datasets/cifar10.js';
import { normalizeImages } from '../../src/training/step/views.js';
import { findPython } from '../runtimes.js';
import { buildAugmentation, buildTrainer, readPictures } from './build.js';
import { bytesOf, readFloats, writeWeights } from './hand-over.js';
import { learningRateAt, recipe } from './recipe.js';
import { compareMoments, momentsOf } from './view-moments.js';

const threads = 2;
const script = fileURLToPath(new URL('./torch_simclr.py', import.meta.url));

function runTwin(python: string, task: object): Record<string, unknown> {
  const text = execFileSync(python, [script, JSON.stringify({ recipe, threads, ...task })], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(text.trimEnd().split('\n').at(-1)!) as Record<string, unknown>;
}

function toTensor({ data, shape }: ImageArray): Tensor4D {
  return tensor4d(
    Float32Array.from(data, (byte) => byte / 255),
    [...shape],
  );
}

/** Gradients in PyTorch's names and layouts. */
function gradientsByName(gradients: NamedTensorMap, variables: Variable[]): Map<string, Float32Array> {
  const leaves = { kernel: 'weight', gamma: 'weight', bias: 'bias', beta: 'bias' };
  return new Map(
    variables.map(({ name, shape }) => {
      const [layer, leaf] = name.split('/') as [string, string];
      const head = /dense(\d)$/.exec(layer);
      const owner = head ? `head.${2 * (Number(head[1]) - 1)}` : `encoder.${layer}`;
      const order = shape.length === 4 ? [3, 2, 0, 1] : shape.length === 2 ? [1, 0] : [0];
      const values = tidy(() => transpose(gradients[name]!, order).dataSync() as Float32Array);
      const kind = leaves[leaf.replace(/_\d+$/, '') as keyof typeof leaves];
      return [`${owner}.${kind}`, values.slice()];
    }),
  );
}

function relativeError(values: Float32Array, exact: Float32Array): number {
  let [error, length] = [0, 0];
  for (const [i, value] of exact.entries()) {
    error += (values[i]! - value) ** 2;
    length += value ** 2;
  }
  return Math.sqrt(error / length);
}

/** Steps from our first weights on our views, by both. */
async function compareSteps(python: string, folder: string, steps: number, pictures: ImageArray) {
  const simclr = buildTrainer(recipe, 0);
  const { encoder, projectionHead: head } = simclr;
  await writeWeights(folder, simclr);
  const optimizer = new AdamW({ weightDecay: recipe.weightDecay });
  const variables = trainableVariables(encoder, head);
  const rates = Array.from({ length: steps }, (_, step) => learningRateAt(recipe, step / 200));
  const ours: number[] = [];
  const first = new Map<string, Float32Array>();
  const count = recipe.batchSize;
  for (const [step, rate] of rates.entries()) {
    const rows = Array.from({ length: count }, (_, row) => step * count + row);
    const size = 32 * 32 * 3;
    const batch = toTensor({
      data: pictures.data.subarray(step * count * size, (step + 1) * count * size),
      shape: [count, 32, 32, 3],
    });
    const views = [0, 1].map((view) =>
      augment(simclr.augmentation!, batch, batchRandom({ seed: 0, epoch: 0, indices: rows, view })),
    ) as [Tensor4D, Tensor4D];
    const both = tidy(() => concat(views, 0));
    writeFileSync(join(folder, `views${step}.f32`), bytesOf((await both.data()) as Float32Array));
    optimizer.learningRate = rate;
    const { loss, gradients } = contrastiveGradients(
      normalizeImages(simclr.normalization, views[0]),
      normalizeImages(simclr.normalization, views[1]),
      {
        encoder,
        projectionHead: head,
        loss: (z1, z2) => ntXentLoss(z1, z2, { temperature: recipe.temperature }),
        variables,
      },
    );
    optimizer.applyGradients(gradients);
    if (step === 0)
      for (const [name, values] of gradientsByName(gradients, variables)) first.set(name, values);
    ours.push(loss.dataSync()[0]!);
    for (const tensor of [loss, batch, both, ...views, ...Object.values(gradients)]) tensor.dispose();
  }
  const reply = runTwin(python, { kind: 'steps', rates, in: folder, out: folder });
  const theirs = reply.loss as number[];
  console.log(`Equal weights, equal views (${reply.framework}): loss of each step, ours, theirs, difference`);
  for (const [step, loss] of ours.entries()) {
    const other = theirs[step]!;
    console.log(
      `${String(step).padStart(4)} ${loss.toFixed(5)} ${other.toFixed(5)} ${(loss - other).toExponential(1)}`,
    );
  }
  console.log('Gradients of the first step: relative error against float64, ours, theirs');
  for (const [name, error] of Object.entries(reply.gradientErrors as Record<string, number>)) {
    const exact = readFloats(join(folder, `gradient.${name}.f32`));
    const own = relativeError(first.get(name)!, exact);
    console.log(`  ${name.padEnd(34)} ${own.toExponential(1)} ${error.toExponential(1)}`);
  }
  console.log('Weights afterwards: length of the difference over the length of the change by the steps');
  const before = (name: string) => readFloats(join(folder, `encoder.${name}.f32`));
  for (const [name, values] of await getTorchvisionWeights(encoder)) {
    if (!/^(conv1|bn1|layer1\.0|layer4\.1\.(conv2|bn2))/.test(name)) continue;
    const other = readFloats(join(folder, `trained.${name}.f32`));
    const start = before(name);
    let difference = 0;
    let change = 0;
    for (let i = 0; i < values.length; i++) {
      difference += (values[i]! - other[i]!) ** 2;
      change += (other[i]! - start[i]!) ** 2;
    }
    console.log(`  ${name.padEnd(30)} ${Math.sqrt(difference / change).toExponential(1)}`);
  }
  simclr.dispose();
}

/** Views of the same pictures by both. */
async function compareViews(python: string, folder: string, draws: number, pictures: ImageArray) {
  const [count] = pictures.shape;
  const augmentation = buildAugmentation(recipe);
  const batch = toTensor(pictures);
  const indices = Array.from({ length: count }, (_, row) => row);
  const ours: Float32Array[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const views = augment(augmentation, batch, batchRandom({ seed: 1, epoch: draw, indices, view: 0 }));
    ours.push((await views.data()) as Float32Array);
    views.dispose();
  }
  batch.dispose();
  const train = join(cifar10Cache(), 'train.bin');
  runTwin(python, { kind: 'views', seed: 1, train, pictures: count, draws, out: folder });
  const all = readFloats(join(folder, 'views.f32'));
  const size = all.length / draws;
  const theirs = ours.map((_, draw) => all.subarray(draw * size, (draw + 1) * size));
  console.log(`Views: ${draws} draws of ${count} pictures; z is the difference over its standard error`);
  const rows = compareMoments(
    ours.map((views) => momentsOf(views, count, 'channels-last')),
    theirs.map((views) => momentsOf(views, count, 'channels-first')),
  );
  for (const { name, ours: own, theirs: other, z } of rows) {
    console.log(`  ${name.padEnd(34)} ${own.toFixed(5)} ${other.toFixed(5)}  z ${z.toFixed(2)}`);
  }
}

const found = findPython();
if ('missing' in found) {
  console.log(`Not checked: ${found.missing}.`);
} else {
  setThreadCount(threads);
  await setBackend('wasm');
  await ready();
  const { steps, draws } = new Command('npx tsx bench/comparison/check.ts')
    .option('--steps <n>', 'training steps to compare', integer(0), 6)
    .option('--draws <n>', 'views per picture whose moments are compared', integer(0), 40)
    .parse()
    .opts<{ steps: number; draws: number }>();
  const train = join(cifar10Cache(), 'train.bin');
  const folder = mkdtempSync(join(tmpdir(), 'simclr-comparison-'));
  try {
    if (draws > 1) await compareViews(found.python, folder, draws, await readPictures(train, 256));
    if (steps > 0) {
      await compareSteps(found.python, folder, steps, await readPictures(train, steps * recipe.batchSize));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
process.exit();
