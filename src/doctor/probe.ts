import {
  abs,
  add,
  avgPool,
  concat,
  dispose,
  fill,
  gather,
  image,
  keep,
  max,
  mul,
  reshape,
  type Scalar,
  slice,
  sqrt,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tidy,
} from '@tensorflow/tfjs-core';
import { ntXentLoss } from '../losses/index.js';
import { projectViews } from '../models/project-views.js';
import { rememberStatistics } from '../models/running-statistics.js';
import { randomGenerator } from '../random/index.js';
import { contrastiveGradients, type Trainer, trainableVariables } from '../training/index.js';
import { lossOf } from './loss-of.js';
import { allLayers, watchActivations } from './watch-activations.js';

/** Pictures of a step, or the views that a data set cut out of them, one tensor per view. */
export type StepPictures = Parameters<Trainer['views']>[0];

/** Statistics of a trainer from one pass over a batch, as plain numbers. */
export interface Probe {
  /** Number of pictures. */
  pairs: number;
  /** Projections in training mode, `[2N, D]`: view 1's rows, then view 2's. */
  projections: Float32Array;
  /** The same after view 2's pictures went through the network in another order; only if that can matter. */
  shuffledProjections: Float32Array | undefined;
  /** Largest difference between the two views of each picture. */
  viewDifferences: Float32Array;
  /** Both views reduced to 4x4 pixels, `[2N, 48]` for three channels. */
  thumbnails: Float32Array;
  /** Euclidean length of all gradients together. */
  gradientNorm: number;
  /** Euclidean length of all trained weights together. */
  weightNorm: number;
  /** The largest output of each unit, by ReLU layer. */
  activations: Map<string, Float32Array>;
  /** Values of a custom loss: for the projections, for twice the projections, and for these divided by ten thousand. */
  customLoss: { plain: number; doubled: number; shrunk: number } | undefined;
}

/**
 * Whether some layer normalizes parts of the batch separately, so that rows of one part influence each other: one of
 * this library with `groups`, or an unknown layer with running statistics.
 */
export function sharesPartsOfBatch(simclr: Trainer): boolean {
  return [simclr.encoder, simclr.projectionHead].flatMap(allLayers).some((layer) => {
    const className = layer.getClassName();
    if (className === 'SimCLRBatchNormalization') return Number(layer.getConfig().groups ?? 1) > 1;
    return layer.nonTrainableWeights.length > 0 && layer.trainable && className !== 'BatchNormalization';
  });
}

/**
 * Probes a trainer: one forward and one backward pass over views of the batch. Nothing changes.
 *
 * @param images - Pictures as for `trainStep`, or views as for `SimCLR.views`. Not disposed.
 */
export async function takeProbe(
  simclr: Trainer,
  images: StepPictures,
  indices: ArrayLike<number>,
  epoch: number,
): Promise<Probe> {
  // Everything before the first read belongs to one moment: afterwards the trainer may make a step.
  const tensors = measure(simclr, images, indices, epoch);
  const read = async (tensor: Tensor) => Float32Array.from(await tensor.data());
  try {
    const [projections, viewDifferences, thumbnails, norms] = await Promise.all(
      [tensors.projections, tensors.viewDifferences, tensors.thumbnails, tensors.norms].map(read),
    );
    const activations = new Map<string, Float32Array>();
    for (const [name, tensor] of tensors.activations) activations.set(name, await read(tensor));
    const custom = tensors.customLoss && (await read(tensors.customLoss));
    return {
      pairs: indices.length,
      projections: projections!,
      shuffledProjections: tensors.shuffled && (await read(tensors.shuffled)),
      viewDifferences: viewDifferences!,
      thumbnails: thumbnails!,
      gradientNorm: norms![0]!,
      weightNorm: norms![1]!,
      activations,
      customLoss: custom && { plain: custom[0]!, doubled: custom[1]!, shrunk: custom[2]! },
    };
  } finally {
    const { activations, ...single } = tensors;
    for (const tensor of [...Object.values(single), ...activations.values()]) tensor?.dispose();
  }
}

interface Measurements {
  projections: Tensor2D;
  shuffled: Tensor2D | undefined;
  viewDifferences: Tensor;
  thumbnails: Tensor;
  norms: Tensor;
  activations: Map<string, Tensor>;
  customLoss: Tensor | undefined;
}

function measure(
  simclr: Trainer,
  images: StepPictures,
  indices: ArrayLike<number>,
  epoch: number,
): Measurements {
  const { projected: encoder, projectionHead } = simclr;
  const { temperature, customLoss } = lossOf(simclr);
  const views = simclr.views(images, indices, epoch);
  const statistics = rememberStatistics(encoder, projectionHead);
  const watched = watchActivations(encoder, projectionHead);
  let projections: Tensor2D | undefined;
  try {
    const measured = tidy(() => {
      const [view1, view2] = comparableViews(views);
      const sameSize = view1.shape.join() === view2.shape.join();
      const loss = (a: Tensor2D, b: Tensor2D): Scalar => {
        projections = keep(concat([a, b], 0));
        return customLoss ? customLoss(a, b) : ntXentLoss(a, b, { temperature });
      };
      const variables = trainableVariables(encoder, projectionHead);
      const { gradients } = contrastiveGradients(view1, view2, {
        encoder,
        projectionHead,
        loss,
        viewBatching: simclr.viewBatching,
        variables,
      });
      watched.stop();
      const pairs = indices.length;
      const half = (view: number) => slice(projections!, [view * pairs, 0], [pairs, -1]) as Tensor2D;
      const custom =
        customLoss && [1, 2, 1e-4].map((factor) => customLoss(mul(half(0), factor), mul(half(1), factor)));
      return {
        shuffled: sharesPartsOfBatch(simclr) ? shuffledProjections(simclr, view1, view2) : undefined,
        // Views of different sizes cannot be the same.
        viewDifferences: sameSize ? max(abs(sub(view1, view2)), [1, 2, 3]) : fill([pairs], 1),
        thumbnails: thumbnailsOf(concat(sameSize ? [view1, view2] : toSmallerSize(view1, view2), 0)),
        norms: stack([lengthOf(Object.values(gradients)), lengthOf(variables)]),
        customLoss: custom && stack(custom),
      };
    });
    return { ...measured, projections: projections!, activations: watched.largest };
  } catch (error) {
    projections?.dispose();
    for (const tensor of watched.largest.values()) tensor.dispose();
    throw error;
  } finally {
    watched.stop();
    statistics.restore();
    statistics.dispose();
    dispose(views);
  }
}

/** The first view and, if possible, another of its size; otherwise the second. */
function comparableViews([first, second, ...others]: [Tensor4D, Tensor4D, ...Tensor4D[]]): [
  Tensor4D,
  Tensor4D,
] {
  const alike = [second, ...others].find((view) => view.shape.join() === first.shape.join());
  return [first, alike ?? second];
}

function toSmallerSize(view1: Tensor4D, view2: Tensor4D): Tensor4D[] {
  const [height, width] = [1, 2].map((axis) => Math.min(view1.shape[axis]!, view2.shape[axis]!));
  return [view1, view2].map((view) => image.resizeBilinear(view, [height!, width!]));
}

/** Projections when partners are not in the same part of the batch. */
function shuffledProjections(simclr: Trainer, view1: Tensor4D, view2: Tensor4D): Tensor2D {
  const pairs = view1.shape[0];
  const order = randomGenerator(0).permutation(pairs);
  const back = new Int32Array(pairs);
  order.forEach((from, to) => {
    back[from] = to;
  });
  const shuffled = gather(view2, tensor1d(Int32Array.from(order), 'int32'));
  const projections = concat(projectViews([view1, shuffled], simclr), 0);
  const rows = Int32Array.from({ length: 2 * pairs }, (_, row) =>
    row < pairs ? row : pairs + back[row - pairs]!,
  );
  return gather(projections, tensor1d(rows, 'int32'));
}

function thumbnailsOf(views: Tensor4D): Tensor {
  const [count, height, width] = views.shape;
  const window = [Math.max(1, Math.floor(height / 4)), Math.max(1, Math.floor(width / 4))] as [
    number,
    number,
  ];
  return reshape(avgPool(views, window, window, 'valid'), [count, -1]);
}

function lengthOf(tensors: Tensor[]): Scalar {
  return sqrt(tensors.map((tensor) => sum(square(tensor)) as Scalar).reduce((a, b) => add(a, b)));
}
