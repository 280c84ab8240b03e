import { resnet18, SimCLR, type Transform, ValueRangeError } from 'simclr-ts';
import {
  fitReadout,
  initializeFromImages,
  type Readout,
  type ReadoutStage,
  stageEncoder,
} from 'simclr-ts/features';
import { loadStateDict, readSafetensors } from 'simclr-ts/interop';
import { type PictureSet, spreadIndices } from '../shared/pictures.js';
import type { TrainingSettings } from '../shared/settings.js';
import { resized } from './vectors/vectors-of.js';

/** What the vectors of pictures are read from: where in a picture things are stays in them. */
const stages: readonly ReadoutStage[] = [
  { layer: 'bn1', grid: 3 },
  { layer: 'layer1.1.bn2', grid: 3 },
];

/** What training compares. */
const trained: readonly ReadoutStage[] = [{ layer: 'layer1.1.bn2', grid: 2 }];

/** Pictures that the first filters, and the read-out, are fitted to: more would hardly change them. */
const mostInitializing = 1000;
export const mostFitted = 2000;

/**
 * The first stages of a ResNet-18: minutes of training are worth most there, and a step takes less than half the time of
 * the whole network's.
 */
export function earlyStages({ viewSize, width, seed }: TrainingSettings) {
  const whole = resnet18({ inputShape: [viewSize, viewSize, 3], stem: 'imagenet', width, seed });
  const encoder = stageEncoder(whole, stages);
  const kept = new Set(encoder.layers);
  for (const layer of whole.layers) if (!kept.has(layer)) layer.dispose();
  return encoder;
}

/**
 * The studio's model, before its first step. Its first filters are those that the pictures are made of, and training keeps
 * them.
 *
 * @param startingEncoder - A safetensors file with the initial weights, instead of filters from the pictures.
 */
export async function newModel(
  settings: TrainingSettings,
  augmentation: Transform<unknown>,
  pictures: PictureSet,
  startingEncoder?: Uint8Array,
): Promise<SimCLR> {
  const { viewSize, learningRate, temperature, seed } = settings;
  const simclr = new SimCLR({
    encoder: earlyStages(settings),
    projectFrom: trained,
    // With batch normalization: without, projections of few or hard pictures collapse in the first steps.
    projectionHead: { useBias: false, batchNormalization: { hidden: true } },
    augmentation,
    // A constant rate, so that training can continue as long as the person likes.
    optimizer: { name: 'adamW', learningRate, weightDecay: 1e-4 },
    temperature,
    seed,
  });
  try {
    if (startingEncoder) {
      loadStateDict(simclr.encoder, readSafetensors(startingEncoder).tensors);
    } else {
      const some = spreadIndices(pictures.names.length, mostInitializing);
      const images = await resized(pictures, some, viewSize);
      await unlessAlike(() => initializeFromImages(simclr, images, { firstLayer: 'fixed', seed }));
    }
    return simclr;
  } catch (error) {
    simclr.dispose();
    throw error;
  }
}

/** The read-out of a model, fitted to some of the pictures; `undefined` if these are all alike. */
export async function readoutOf(
  simclr: SimCLR,
  pictures: PictureSet,
  indices = spreadIndices(pictures.names.length, mostFitted),
): Promise<Readout | undefined> {
  const images = await resized(pictures, indices, simclr.inputSize[0]);
  return unlessAlike(() => fitReadout(simclr, images, { stages }));
}

/** What `work` gives; `undefined` where it finds nothing that pictures differ in. */
async function unlessAlike<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ValueRangeError) return undefined;
    throw error;
  }
}
