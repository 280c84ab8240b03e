import { dispose } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type ImageArray, type Labels, SimCLR } from 'simclr-ts';
import { knnClassifier } from 'simclr-ts/evaluation';
import {
  type EncoderSource,
  encoderStages,
  type FitReadoutOptions,
  fitReadout,
  initializeFromImages,
  type Readout,
  type ReadoutEmbedOptions,
} from 'simclr-ts/features';
import { resnet18 } from 'simclr-ts/models';
import { minutesRecipe } from 'simclr-ts/recipes';
import { pixelEncoder } from '../../src/report/evaluation/run-representations.js';

/** Pictures with their classes. */
export interface Pictures {
  images: ImageArray;
  labels: Labels;
}

/** What is measured on. */
export interface LearningData {
  references: Pictures;
  tests: Pictures;
}

/** One representation, measured. */
export interface Measured {
  /** Which network. */
  network: string;
  /** What of it is read, and how. */
  readout: string;
  /** Length of the vectors. */
  dim: number;
  seed: number;
  /** Accuracy with 20 neighbors, and with 200; from 0 to 1. */
  knn20: number;
  knn200: number;
  /** Seconds to make the network, initialization and training included. */
  networkSeconds: number;
  /** Seconds to fit the read-out. */
  fitSeconds: number;
}

type Row = Pick<Measured, 'network' | 'seed' | 'networkSeconds'>;

const batchSize = 128;
const seconds = (since: number) => (performance.now() - since) / 1000;

/** Accuracies of what a model or read-out gives, by 20 and by 200 neighbors, from 0 to 1. */
export async function neighborAccuracies(
  embedder: SimCLR | Readout,
  { references, tests }: LearningData,
  options: ReadoutEmbedOptions,
): Promise<Pick<Measured, 'dim' | 'knn20' | 'knn200'>> {
  const embeddings = await embedder.embed(references.images, options);
  const queries = await embedder.embed(tests.images, options);
  const accuracy = async (neighbors: number) => {
    const knn = await knnClassifier({ embeddings, labels: references.labels }, { neighbors });
    return (await knn.evaluate(queries, tests.labels)).accuracy;
  };
  const accuracies = { dim: queries.shape[1], knn20: await accuracy(20), knn200: await accuracy(200) };
  dispose([embeddings, queries]);
  return accuracies;
}

/** Measures a network at a read-out; without stages, its own output as it is. With `flips`, means over flips. */
async function measure(
  row: Row,
  readout: string,
  source: EncoderSource,
  data: LearningData,
  fit?: FitReadoutOptions,
  flips = false,
): Promise<Measured> {
  const began = performance.now();
  const fitted = fit && (await fitReadout(source, data.references.images, { ...fit, batchSize, flips }));
  const fitSeconds = fitted ? seconds(began) : 0;
  const embedder = fitted ?? new SimCLR({ ...source });
  const accuracies = await neighborAccuracies(embedder, data, { batchSize, flips });
  embedder.dispose();
  return { ...row, readout, ...accuracies, fitSeconds };
}

/** The recipe `minutes`, whose first layer comes from the pictures and learns nothing. */
async function train(encoder: LayersModel, images: ImageArray, minutes: number, seed: number) {
  encoder.getLayer('conv1').trainable = false;
  const simclr = new SimCLR({ ...minutesRecipe, encoder, seed });
  const { epochs, ...training } = minutesRecipe.training;
  await simclr.fit(images, { ...training, datasetSize: images.shape[0], epochs, minutes });
  simclr.dispose();
}

/** The networks that are measured: how each is made of a random one. */
export type NetworkKind = 'random weights' | 'k-means filters' | 'trained, first layer from k-means';

/**
 * Measures what can be had without training, and, where there are minutes, with it: whitened pixels, then h and the first
 * two stages of each network.
 *
 * @param unlabeled - Pictures to train on.
 */
export async function* measureAll(
  data: LearningData,
  unlabeled: ImageArray,
  { dim, seeds, minutes, only = '' }: { dim?: number; seeds: number; minutes: number; only?: string },
): AsyncGenerator<Measured, void, undefined> {
  const { images } = data.references;
  const [, height, width, channels] = images.shape;
  const pixels = { network: 'pixels', seed: 0, networkSeconds: 0 };
  const averaged = pixelEncoder(images.shape);
  const grid = Math.floor(Math.min(height, width) / 2);
  const read = (layer: string, cells?: number): FitReadoutOptions => ({
    stages: [{ layer, ...(cells !== undefined && { grid: cells }) }],
    ...(dim !== undefined && { dim }),
  });
  if (pixels.network.includes(only)) {
    yield await measure(pixels, 'averaged to half the size', { encoder: averaged }, data);
    yield await measure(pixels, 'averaged, whitened', { encoder: averaged }, data, read('pixels', grid));
  }
  averaged.dispose();

  const kinds: NetworkKind[] = ['random weights', 'k-means filters'];
  if (minutes > 0) kinds.push('trained, first layer from k-means');
  const { normalization } = minutesRecipe;
  for (let seed = 1; seed <= seeds; seed++) {
    for (const network of kinds.filter((name) => name.includes(only))) {
      const began = performance.now();
      const encoder = resnet18({ inputShape: [height, width, channels], seed });
      const source = { encoder, normalization: normalization ?? null };
      if (network !== 'random weights') await initializeFromImages(source, images, { seed });
      if (network === 'trained, first layer from k-means') await train(encoder, unlabeled, minutes, seed);
      const row = { network, seed, networkSeconds: seconds(began) };
      const [first, second] = encoderStages(encoder);
      yield await measure(row, 'h', source, data);
      yield await measure(row, 'h, mean over flips', source, data, undefined, true);
      yield await measure(row, 'h, whitened', source, data, read('avgpool'));
      yield await measure(row, 'second stage on 4x4, whitened', source, data, read(second!.layer));
      const firstStage = read(first!.layer);
      yield await measure(row, 'first stage on 4x4, whitened', source, data, firstStage);
      yield await measure(
        row,
        'first stage on 4x4, mean over flips, whitened',
        source,
        data,
        firstStage,
        true,
      );
      encoder.dispose();
    }
  }
}
