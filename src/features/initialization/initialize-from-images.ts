import { tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { explainMissingKernel } from '../../backend/missing-kernel.js';
import { datasetSize, type ImageDataset } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkBoolean, checkChoice, checkInteger } from '../../errors/checks.js';
import { type AnyLayer, weightOf } from '../../models/layer-graph.js';
import { randomGenerator } from '../../random/index.js';
import { type EncoderSource, pictureEncoder, sizeInMemory } from '../encoder-source.js';
import { beginBlocks } from './begin-blocks.js';
import { firstConvolution } from './first-convolution.js';
import { patchFilters } from './patch-filters.js';
import { samplePatches } from './patches.js';
import { scaleLayers } from './scale-layers.js';

/** Options of {@link initializeFromImages}. */
export interface InitializeFromImagesOptions {
  /**
   * Filters of the first convolution.
   *
   * - `'kMeans'`: centers of whitened patches (Coates and Ng 2011).
   * - `'eigenvectors'`: the axes of whitened patches, then their opposites, then random directions.
   * - `'kept'`: as they are.
   * @defaultValue `'kMeans'`
   */
  filters?: 'kMeans' | 'eigenvectors' | 'kept';
  /**
   * Patches to draw, about 4 per picture, from as many pictures as that takes. At least as many as there are filters.
   * @defaultValue `20000`; of fewer than 200 pictures 100 each, and in any case 20 per filter
   */
  patches?: number;
  /**
   * Whether training may change these filters. `'fixed'` sets the layer's `trainable` to false: at a read-out of early
   * stages, minutes of training make filters of patches worse, and a step is shorter without them.
   * @defaultValue `'free'`
   */
  firstLayer?: 'free' | 'fixed';
  /**
   * How residual blocks begin.
   *
   * - `'random'`: with their random weights.
   * - `'whitened'`: every block passes on what it is given. A block that changes size or channels also halves its maps:
   *   its first filters are random combinations of the directions in which their own patches vary most, in pairs of
   *   opposites, and its shortcut is silent (gamma 0). The branch of any other block is silent. Running statistics become
   *   those of the pictures. Needs batch normalization in the blocks; others stay as they are.
   * @defaultValue `'random'`
   */
  blocks?: 'random' | 'whitened';
  /**
   * Name of a layer: only blocks behind it are whitened, so that those before it learn, or keep what they have learned.
   * @defaultValue `null`: all blocks
   */
  blocksAfter?: string | null;
  /**
   * Whether to scale layers without batch normalization to the pictures.
   * @defaultValue `true`
   */
  scale?: boolean;
  /**
   * Pictures per pass; the layers are scaled to those of the first. An integer >= 2.
   * @defaultValue `128`
   */
  batchSize?: number;
  /**
   * Seed of the pictures, the patches, and the first centers; an integer >= 0.
   * @defaultValue `0`
   */
  seed?: number;
}

/** Result of {@link initializeFromImages}. */
export interface ImageInitialization {
  /** Name of the first convolution. */
  layer: string;
  /** How many filters it has. */
  filters: number;
  /** How many patches they come from. */
  patches: number;
  /** Sum of squared distances of whitened patches to their centers, before each round and at the end; k-means only. */
  inertia: number[];
  /** How often a cluster without patches was moved to the patch farthest from its center; k-means only. */
  reseeded: number;
  /** Convolutions of residual blocks whose filters come from the pictures. */
  whitened: string[];
  /** Layers whose kernel was scaled. */
  scaled: string[];
}

/** More patches of the same few pictures show the same again. */
function usualPatches(filters: number, pictures = Number.POSITIVE_INFINITY): number {
  return Math.min(20_000, Math.max(100 * pictures, 20 * filters));
}

/**
 * Initializes an encoder, in place, from the pictures that it is for: a start that needs no training and no labels.
 *
 * The filters of the first convolution become the centers that k-means finds among whitened patches. Then, layer by layer,
 * what each convolution and dense layer gives on the pictures is scaled to variance 1. Where batch normalization follows a
 * layer, which makes that moot, its kernel keeps its length. Offsets and running statistics do not change.
 *
 * 5,000 pictures of 32x32 with 64 filters of 7x7 take a few seconds on two cores. The same arguments give the same
 * filters; rounding of the network in front of the first convolution aside, on every backend.
 *
 * @param source - A model whose first layer with weights is a `PaddedConv2D` or a `Conv2D`, or `{ encoder, normalization }`,
 * such as a `SimCLR` that has not been trained.
 * @param images - What `SimCLR.embed` takes. A data set in memory is shuffled; so is a function that starts passes, if it
 * can. Other batches are taken in their order.
 * @param options - See {@link InitializeFromImagesOptions}.
 * @returns What was done.
 * @throws {@link ShapeError} when the pictures are smaller than the first filters, or not of the encoder's input size.
 * @throws {@link ValueRangeError} when no picture has any contrast.
 * @throws {@link InvalidOptionError} when the encoder does not begin with a convolution, there are fewer patches than
 * filters, or an option is outside its domain.
 * @example
 * const encoder = resnet18({ inputShape: [32, 32, 3] });
 * await initializeFromImages(encoder, images, { seed: 1 });
 * @see Coates and Ng 2011, "An analysis of single-layer networks in unsupervised feature learning"; Krähenbühl et al. 2016,
 * arXiv:1511.06856; Mishkin and Matas 2016, arXiv:1511.06422.
 */
export async function initializeFromImages(
  source: LayersModel | EncoderSource,
  images: ImageDataset,
  options: InitializeFromImagesOptions = {},
): Promise<ImageInitialization> {
  const caller = 'initializeFromImages';
  checkKeys(caller, options, {
    filters: 1,
    patches: 1,
    firstLayer: 1,
    blocks: 1,
    blocksAfter: 1,
    scale: 1,
    batchSize: 1,
    seed: 1,
  });
  const { filters: method = 'kMeans', patches, scale = true } = options;
  const { firstLayer = 'free', blocks = 'random', blocksAfter = null, batchSize = 128, seed = 0 } = options;
  checkChoice(caller, 'filters', method, ['kMeans', 'eigenvectors', 'kept']);
  checkChoice(caller, 'firstLayer', firstLayer, ['free', 'fixed']);
  checkChoice(caller, 'blocks', blocks, ['random', 'whitened']);
  if (patches !== undefined) checkInteger(caller, 'patches', patches);
  checkInteger(caller, 'batchSize', batchSize, 2);
  checkInteger(caller, 'seed', seed, 0);
  checkBoolean(caller, 'scale', scale);
  const encoder = pictureEncoder(caller, source, sizeInMemory(images));
  const convolution = firstConvolution(caller, encoder.encoder, [
    encoder.inputShape[0],
    encoder.inputShape[1],
  ]);
  const { layer, kernelShape } = convolution;
  const random = randomGenerator(seed);
  const { patches: drawn, first } = await samplePatches(
    caller,
    encoder,
    convolution,
    images,
    random.fold(0),
    {
      patches: patches ?? usualPatches(kernelShape[3], datasetSize(images)),
      batchSize,
      seed,
      keep: blocks === 'whitened' ? picturesFor(encoder.inputShape) : batchSize,
    },
  );
  try {
    const made =
      method === 'kept'
        ? undefined
        : await patchFilters(caller, drawn, kernelShape[3], method, random.fold(1));
    if (made) await setFilters(layer, made.kernel);
    if (firstLayer === 'fixed') layer.trainable = false;
    const whitened =
      blocks === 'whitened'
        ? await beginBlocks(caller, encoder.encoder, first, random.fold(2), blocksAfter)
        : [];
    const scaled = scale ? await scaleLayers(caller, encoder.encoder, first) : [];
    return {
      layer: layer.name,
      filters: kernelShape[3],
      patches: drawn.count,
      inertia: made?.clusters?.inertia ?? [],
      reseeded: made?.clusters?.reseeded ?? 0,
      whitened,
      scaled,
    };
  } catch (error) {
    throw explainMissingKernel(error);
  } finally {
    first.dispose();
  }
}

/** Enough pictures for the directions of deep layers, in memory that does not grow with their size. */
function picturesFor([height, width]: readonly [number, number, number]): number {
  return Math.min(2048, Math.max(64, Math.floor((1 << 21) / (height * width))));
}

/** Gives a convolution other filters, of the length that its kernel had. */
async function setFilters(layer: AnyLayer, kernel: Float32Array): Promise<void> {
  const weight = weightOf(layer, 'kernel')!;
  const factor = lengthOf(await weight.read().data<'float32'>()) / lengthOf(kernel);
  const values = kernel.map((value) => value * factor);
  tidy(() => {
    weight.write(tensor(values, weight.shape as number[]));
  });
}

/** Euclidean length of all values; 1 for zeros, so that a kernel of zeros does not stay one. */
function lengthOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)) || 1;
}
