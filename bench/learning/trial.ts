import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type ImageArray, SimCLR } from 'simclr-ts';
import { fitReadout, initializeFromImages, type ReadoutStage, stageEncoder } from 'simclr-ts/features';
import { resnet18 } from 'simclr-ts/models';
import { adjustRecipe, minutesRecipe } from 'simclr-ts/recipes';
import { type LearningData, neighborAccuracies } from './representations.js';

/** A part of a training. */
export interface Phase {
  /** What the projection head reads: stages, or h. */
  at: 'h' | readonly ReadoutStage[];
  /** Passes over the pictures. */
  epochs: number;
  /** Whether the layers that it trained learn nothing in later phases. */
  hold?: boolean;
}

/** A way to train, of which the recipe `minutes` gives the rest. */
export interface Trial {
  name: string;
  phases: readonly Phase[];
  temperature?: number;
  batchSize?: number;
  learningRate?: number;
  /** Smallest area of a crop. */
  smallestCrop?: number;
  /** Whether the filters of the first layer learn. */
  firstLayer?: 'fixed' | 'free';
  /** How residual blocks begin; as in the recipe if left out. */
  blocks?: 'random' | 'whitened';
}

/** What is read of a network. */
export interface TrialReadout {
  name: string;
  /** Stages to whiten; left out, h as it is. */
  stages?: readonly ReadoutStage[];
}

/** A read-out of a trained network, measured. */
export interface TrialResult {
  trial: string;
  seed: number;
  /** Pairs of views that it was trained on. */
  pairs: number;
  /** Of all threads, in training; other programs do not change it much. */
  processorSeconds: number;
  readout: string;
  dim: number;
  /** Accuracy with 20 neighbors, and with 200; from 0 to 1. */
  knn20: number;
  knn200: number;
}

const batchSize = 250;

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function train(encoder: LayersModel, images: ImageArray, trial: Trial, seed: number): Promise<number> {
  const { temperature, batchSize = minutesRecipe.training.batchSize, learningRate, smallestCrop } = trial;
  const datasetSize = images.shape[0];
  const recipe = adjustRecipe(minutesRecipe, {
    ...(temperature !== undefined && { temperature }),
    ...(learningRate !== undefined && { optimizer: { learningRate: { base: learningRate } } }),
    ...(smallestCrop !== undefined && { augmentation: { options: { scale: [smallestCrop, 1] } } }),
    training: { batchSize, datasetSize },
  });
  let pairs = 0;
  for (const { at, epochs, hold = false } of trial.phases) {
    const trained = at === 'h' ? encoder : stageEncoder(encoder, at);
    const simclr = new SimCLR({ ...recipe, encoder: trained, seed });
    const history = await simclr.fit(images, { batchSize, epochs });
    simclr.dispose();
    if (hold) for (const layer of trained.layers) layer.trainable = false;
    pairs += history.steps.length * batchSize;
  }
  return pairs;
}

/** Trains a network, and measures it at each read-out. */
export async function* runTrial(
  trial: Trial,
  readouts: readonly TrialReadout[],
  unlabeled: ImageArray,
  data: LearningData,
  seed: number,
): AsyncGenerator<TrialResult, void, undefined> {
  const [, height, width, channels] = unlabeled.shape;
  // A name would stand in front of the names of layers.
  const { name: _, ...shape } = minutesRecipe.encoder;
  const encoder = resnet18({ ...shape, inputShape: [height, width, channels], seed });
  const source = { encoder, normalization: minutesRecipe.normalization };
  const { blocks, firstLayer } = trial;
  await initializeFromImages(source, unlabeled, {
    ...minutesRecipe.initialization,
    ...(blocks !== undefined && { blocks }),
    ...(firstLayer !== undefined && { firstLayer }),
    seed,
  });
  const before = processorSeconds();
  const pairs = await train(encoder, unlabeled, trial, seed);
  const row = { trial: trial.name, seed, pairs, processorSeconds: processorSeconds() - before };
  for (const { name, stages } of readouts) {
    const embedder = stages
      ? await fitReadout(source, data.references.images, { stages, batchSize })
      : new SimCLR(source);
    yield { ...row, readout: name, ...(await neighborAccuracies(embedder, data, { batchSize })) };
    embedder.dispose();
  }
  encoder.dispose();
}
