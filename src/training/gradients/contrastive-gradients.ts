import {
  type NamedTensorMap,
  type Scalar,
  type Tensor2D,
  type Tensor4D,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { guardTape } from '../../backend/tape.js';
import { checkKeys, type KnownKeys } from '../../errors/check-keys.js';
import { describeValue } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import type { LossContext, ViewLoss } from '../../losses/index.js';
import { projectViews } from '../../models/project-views.js';
import { type ContrastiveLoss, toViewLoss } from '../options/to-view-loss.js';

/** What {@link contrastiveGradients} needs. */
export interface ContrastiveGradientsOptions {
  /** f: pictures `[N, H, W, C]` to representations h `[N, d]`. */
  encoder: LayersModel;
  /** g: representations h `[N, d]` to projections z `[N, D]`. */
  projectionHead: LayersModel;
  /** The loss of the projections: of two views, or of as many as there are. */
  loss: ContrastiveLoss | ViewLoss;
  /** The class of each picture, for a loss that needs it. */
  labels?: ArrayLike<number> | undefined;
  /**
   * `'joint'`: all views of one size go through the network as one batch, and batch normalization sees them together
   * (Google's code). `'separate'`: one pass per view, each with its own batch statistics (lightly's examples).
   *
   * @defaultValue `'joint'`
   */
  viewBatching?: 'joint' | 'separate';
  /** The variables to differentiate for. */
  variables: Variable[];
}

/** Every option of {@link contrastiveGradients}. */
export const contrastiveGradientsKeys = {
  encoder: 1,
  projectionHead: 1,
  loss: 1,
  labels: 1,
  viewBatching: 1,
  variables: 1,
} as const satisfies KnownKeys<ContrastiveGradientsOptions>;

/** What {@link contrastiveGradients} returns. */
export interface ContrastiveGradients {
  /** The loss of the batch. */
  loss: Scalar;
  /** The gradient of each variable, by its name. */
  gradients: NamedTensorMap;
}

/**
 * Loss of one training step and its gradients; changes nothing but the running statistics of batch normalization.
 * The building block of a training loop of your own: hand the gradients to an optimizer's `applyGradients`.
 *
 * @param view1 - First views, float32 `[N, H, W, C]`, N >= 2, as the encoder expects them (normalized already).
 * @param view2 - Second views of the same pictures in the same order, same shape.
 * @returns The scalar loss and the gradients by variable name. The caller disposes them all.
 * @throws {@link ShapeError} when the loss returns anything but a scalar.
 * @throws {@link BackendError} when the active backend lacks a kernel or a gradient that the step needs.
 * @see Chen et al. 2020, arXiv:2002.05709, Algorithm 1.
 */
export function contrastiveGradients(
  view1: Tensor4D,
  view2: Tensor4D,
  options: ContrastiveGradientsOptions,
): ContrastiveGradients;
/** The same of any number of views, which may differ in height and width where the encoder takes such pictures. */
export function contrastiveGradients(
  views: readonly Tensor4D[],
  options: ContrastiveGradientsOptions,
): ContrastiveGradients;
export function contrastiveGradients(
  first: Tensor4D | readonly Tensor4D[],
  second: Tensor4D | ContrastiveGradientsOptions,
  third?: ContrastiveGradientsOptions,
): ContrastiveGradients {
  const several = Array.isArray(first);
  const options = (several ? second : third) as ContrastiveGradientsOptions;
  checkKeys('contrastiveGradients', options, contrastiveGradientsKeys);
  return viewGradients(several ? first : [first as Tensor4D, second as Tensor4D], options);
}

/**
 * {@link contrastiveGradients} of any number of views.
 *
 * @param onProjections - Told the projections, one tensor per view, before the loss is computed. Must keep none of them.
 */
export function viewGradients(
  views: readonly Tensor4D[],
  options: ContrastiveGradientsOptions,
  onProjections?: (projections: Tensor2D[]) => void,
): ContrastiveGradients {
  const loss = toViewLoss(options.loss);
  return guardTape(() => {
    const { value, grads } = variableGrads(() => {
      const projections = projectViews(views, options);
      onProjections?.(projections);
      return lossOf(loss, projections, { labels: options.labels });
    }, options.variables);
    return { loss: value, gradients: grads };
  });
}

/** The value of a loss. @throws {@link ShapeError} when it is not a scalar. */
export function lossOf(loss: ViewLoss, projections: readonly Tensor2D[], context: LossContext): Scalar {
  return checkScalar(loss.compute(projections, context));
}

function checkScalar(loss: Scalar): Scalar {
  if (!Array.isArray(loss?.shape) || loss.shape.length !== 0) {
    const received = Array.isArray(loss?.shape) ? `shape [${loss.shape}]` : describeValue(loss);
    throw new ShapeError(
      `contrastiveGradients: loss must return a scalar tensor. Received: loss that returned ${received}.`,
    );
  }
  return loss;
}
