/**
 * SimCLR on STL-10: 96x96 pictures, ResNet-18 to h of 512, projection head 512-512-64, NT-Xent at temperature 0.5.
 *
 *     npx tsx examples/stl10/main.ts --images stl10_binary/unlabeled_X.bin --batch-size 64 --steps 1000
 *
 * See README.md for the data and the options.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import {
  AdamW,
  batchesPerEpoch,
  checkpoint,
  type History,
  progress,
  projectionHead,
  resnet18,
  SimCLR,
  SimCLRError,
  simclrAugmentation,
} from 'simclr-ts';
import { directory, onInterrupt, progressBar, releaseBackend, useBestBackend } from 'simclr-ts/node';
import { integer } from '../../src/cli/options.js';
import { knnAccuracy } from './evaluate.js';
import { loadPictures, problemWith, type STL10Files, side } from './pictures.js';
import { timeStep } from './step-times.js';

interface Flags extends STL10Files {
  batchSize: number;
  steps: number;
  epochs?: number;
  limit: number;
  evaluationImages: number;
  seed: number;
  out: string;
  resume?: boolean;
  backend?: string;
}

/** Results go to standard output, everything else beside it. */
const log = (text: string) => console.error(text);

/** The configuration of the example, every choice written out. */
function newSimCLR(seed: number): SimCLR {
  return new SimCLR({
    encoder: resnet18({ inputShape: [side, side, 3], stem: 'imagenet', seed }),
    projectionHead: projectionHead({
      inputDim: 512,
      hidden: [512, 512],
      outputDim: 64,
      seed: seed + 1,
    }),
    augmentation: simclrAugmentation({ size: side }),
    temperature: 0.5,
    optimizer: new AdamW({ learningRate: 3e-4, weightDecay: 0 }),
    seed,
  });
}

async function main(flags: Flags): Promise<void> {
  const { batchSize, steps, seed, out } = flags;
  const problem = problemWith(flags);
  if (problem) program.error(problem);
  await mkdir(out, { recursive: true }); // what cannot be written is known before any work
  await useBestBackend({ ...(flags.backend !== undefined && { prefer: flags.backend }), log });
  const limits = { training: flags.limit, evaluation: flags.evaluationImages };
  const { description, training, evaluation } = await loadPictures(flags, limits, log);
  log(description);

  const saved = directory(join(out, 'checkpoint'));
  const simclr = flags.resume ? await SimCLR.load(saved) : newSimCLR(seed);
  log(simclr.summary());

  // From here on Ctrl-C lets the current step finish.
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  try {
    if (evaluation) console.log(await knnAccuracy(simclr, evaluation, 'before', signal));

    const stepsPerEpoch = batchesPerEpoch(training, { batchSize })!;
    const done = simclr.progress.epoch * stepsPerEpoch + simclr.progress.batch;
    const history = await simclr.fit(training, {
      batchSize,
      maxSteps: steps,
      epochs: flags.epochs ?? Math.ceil((done + steps) / stepsPerEpoch),
      resume: true, // of a new model: from the beginning
      signal,
      callbacks: [
        checkpoint(saved, { everySteps: 50 }),
        process.stderr.isTTY ? progressBar() : progress({ everySteps: 1, report: ({ text }) => log(text) }),
      ],
    });
    await writeFile(join(out, 'history.json'), JSON.stringify(history));
    report(history, out);
    if (signal.aborted) return;

    if (evaluation) console.log(await knnAccuracy(simclr, evaluation, 'after', signal));
    if (history.steps.length > 0) {
      const times = await timeStep(simclr, training, batchSize);
      console.log(`One step of ${batchSize} pictures, in seconds:`);
      for (const [part, seconds] of Object.entries(times)) {
        console.log(`  ${part.padEnd(10)} ${seconds.toFixed(3).padStart(8)}`);
      }
    }
  } finally {
    interrupt.dispose();
    simclr.dispose();
  }
}

function report({ steps, outcome }: History, out: string): void {
  const first = steps[0];
  const last = steps.at(-1);
  if (!first || !last) {
    console.log('Nothing left to train: the run in the checkpoint has reached --epochs.');
    return;
  }
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const pairs = steps.reduce((sum, step) => sum + step.pairs, 0);
  console.log(
    `${outcome}: ${steps.length} steps, loss ${first.loss.toFixed(4)} -> ${last.loss.toFixed(4)} ` +
      `(${Math.log(2 * last.pairs - 1).toFixed(4)} = nothing learnt), ${(pairs / seconds).toFixed(2)} pairs/s`,
  );
  console.log(`Saved in ${join(out, 'checkpoint')}; continue with --resume.`);
}

const program = new Command('stl10')
  .description('Trains SimCLR on 96x96 pictures: STL-10 from its binary files, or else enlarged CIFAR-10.')
  .option('--images <path>', 'pictures to train on: unlabeled_X.bin, train_X.bin')
  .option('--train-images <path>', 'train_X.bin, for kNN; all four of these or none')
  .option('--train-labels <path>', 'train_y.bin, for kNN')
  .option('--test-images <path>', 'test_X.bin, for kNN')
  .option('--test-labels <path>', 'test_y.bin, for kNN')
  .option('--batch-size <pictures>', 'pictures per step; each gives two views', integer(2), 32)
  .option('--steps <steps>', 'steps of this call, at most', integer(1), 20)
  .option(
    '--epochs <epochs>',
    'passes over the pictures in all, at most; default: as --steps says',
    integer(1),
  )
  .option('--limit <pictures>', 'pictures to train on, at most', integer(2), 100_000)
  .option('--evaluation-images <pictures>', 'of each labeled part, at most', integer(1), 500)
  .option('--seed <seed>', 'of weights, order and views', integer(0), 0)
  .option('--out <folder>', 'where the checkpoint and history.json go', join('runs', 'stl10'))
  .option('--resume', 'continue from the checkpoint in --out')
  .option('--backend <name>', 'tfjs-node-gpu, webgpu, tfjs-node, wasm or cpu; default: the fastest here');

try {
  await main(program.parse().opts<Flags>());
} catch (error) {
  const { name, message } = error as Error;
  if (name === 'AbortError') log('Interrupted.');
  else if (error instanceof SimCLRError) log(message);
  else throw error;
  process.exitCode = name === 'AbortError' ? 130 : 1;
} finally {
  await releaseBackend(); // a graphics device would keep the process alive
}
