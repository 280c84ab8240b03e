import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AdamW, type History, resnet18, SimCLR, selectImages, setTorchvisionWeights } from 'simclr-ts';
import { initializeFromImages } from 'simclr-ts/features';
import { loadCIFAR10 } from 'simclr-ts/node';
import { minutesRecipe } from 'simclr-ts/recipes';
import { evaluateRun, type RunEvaluationResult } from 'simclr-ts/report';
import { cifar10Cache } from '../../src/node/datasets/cifar10.js';
import { threadVariables } from '../runtimes.js';
import { readFloats, writeEncoderWeights } from './hand-over.js';
import { runSide } from './run-side.js';
import type { Budget, PartReply, PartTask } from './task.js';

const script = fileURLToPath(new URL('./torch_simclr.py', import.meta.url));

/** The recipe `minutes`, by the names of torch_simclr.py. */
function twinRecipe(part: 'early' | 'later') {
  const { augmentation, earlyStages, normalization, optimizer, projectionHead, temperature, training } =
    minutesRecipe;
  const { options } = augmentation;
  const { base, schedule } = optimizer.learningRate;
  const factor = part === 'early' ? earlyStages!.learningRateFactor : 1;
  return {
    headHidden: projectionHead.hidden,
    headOutput: projectionHead.outputDim,
    temperature,
    batchSize: training.batchSize,
    learningRate: factor * base,
    weightDecay: optimizer.weightDecay,
    warmupShare: (schedule as { warmupShare: number }).warmupShare,
    cropScale: options.scale,
    cropRatio: options.aspectRatio,
    flipProbability: options.flipProbability,
    jitterStrength: options.strength,
    jitterProbability: options.jitterProbability,
    grayscaleProbability: options.grayscaleProbability,
    ...normalization,
    earlyGrid: earlyStages!.projectFrom[0]!.grid,
  };
}

/** What a run of PyTorch's side gave. */
export interface PyTorchRun {
  /** Framework and versions. */
  framework: string;
  pairs: number;
  evaluation: RunEvaluationResult;
}

/**
 * Trains PyTorch's side by the recipe `minutes`: the early stages, then those behind them, each for its share of the budget.
 * Our functions initialize the encoder from the pictures before each part, and evaluate it, as `simclr-ts train` does.
 */
export async function trainPyTorchByMinutes(
  python: string,
  { budget, seed, threads }: { budget: Budget; seed: number; threads: number },
  log: (line: string) => void,
): Promise<PyTorchRun> {
  const { train, test } = await loadCIFAR10({ log });
  const { name: _, ...shape } = minutesRecipe.encoder;
  const encoder = resnet18({ ...shape, inputShape: [32, 32, 3], seed });
  const simclr = new SimCLR({ encoder, normalization: minutesRecipe.normalization, optimizer: new AdamW() });
  const source = { encoder, normalization: minutesRecipe.normalization };
  const { initialization } = minutesRecipe;
  await initializeFromImages(source, train.images, { ...initialization, seed });
  const folder = mkdtempSync(join(tmpdir(), 'simclr-minutes-'));
  let framework = '';
  let pairs = 0;

  const trainPart = async (part: PartTask['part'], share: number) => {
    const recipe = twinRecipe(part);
    await writeEncoderWeights(folder, encoder);
    const task: PartTask = {
      kind: 'part',
      part,
      recipe,
      seed,
      threads,
      budget: 'minutes' in budget ? { minutes: share * budget.minutes } : { pairs: share * budget.pairs },
      train: join(cifar10Cache(), 'train.bin'),
      out: folder,
    };
    const args = [script, JSON.stringify(task)];
    const side = { command: python, args, env: threadVariables(threads) };
    const reply = await runSide<PartReply>(part, side, log);
    setTorchvisionWeights(encoder, ({ name }) => readFloats(join(folder, `encoder.${name}.f32`)));
    framework = reply.framework;
    pairs += reply.loss.length * recipe.batchSize;
  };
  const trainBoth = async (): Promise<History> => {
    const { share } = minutesRecipe.earlyStages!;
    await trainPart('early', share);
    await initializeFromImages(source, train.images, {
      ...initialization,
      filters: 'kept',
      scale: false,
      seed: seed + 1,
    });
    await trainPart('later', 1 - share);
    return { steps: [], epochs: [], outcome: 'completed' };
  };
  try {
    const references = selectImages(
      train,
      Array.from({ length: 10_000 }, (_, row) => row),
    );
    const evaluation = await evaluateRun(simclr, { references, test }, trainBoth, { flips: true });
    return { framework, pairs, evaluation };
  } finally {
    simclr.dispose({ includeGiven: true });
    rmSync(folder, { recursive: true, force: true });
  }
}
