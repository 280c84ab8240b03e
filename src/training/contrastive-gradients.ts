import {
  concat,
  engine,
  type NamedTensorMap,
  type Scalar,
  slice,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { describeValue } from '../errors/checks.js';
import { BackendError, ShapeError } from '../errors/errors.js';

/** A contrastive loss: the projections of the two views, `[N, D]` each with row i a pair, to a scalar. */
export type ContrastiveLoss = (view1: Tensor2D, view2: Tensor2D) => Scalar;

/** What {@link contrastiveGradients} needs. */
export interface ContrastiveGradientsOptions {
  /** f: pictures `[N, H, W, C]` to representations h `[N, d]`. */
  encoder: LayersModel;
  /** g: representations h `[N, d]` to projections z `[N, D]`. */
  projectionHead: LayersModel;
  /** The loss of the projections of both views. */
  loss: ContrastiveLoss;
  /**
   * `'joint'`: both views go through the network as one batch of 2N, and batch normalisation sees them together
   * (Google's code). `'separate'`: one pass a view, each with its own batch statistics (lightly's examples).
   *
   * @defaultValue `'joint'`
   */
  viewBatching?: 'joint' | 'separate';
  /** The variables to differentiate for. */
  variables: Variable[];
}

/**
 * Loss of one training step and its gradients; changes nothing but the running statistics of batch normalisation.
 * The building block of a training loop of your own: hand the gradients to an optimizer's `applyGradients`.
 *
 * @param view1 - First views, float32 `[N, H, W, C]`, N >= 2, as the encoder expects them (normalised already).
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
): {
  /** The loss of the batch. */
  loss: Scalar;
  /** The gradient of each variable, by its name. */
  gradients: NamedTensorMap;
} {
  const { encoder, projectionHead, viewBatching = 'joint', variables } = options;
  const loss = (a: Tensor2D, b: Tensor2D) => checkScalar(options.loss(a, b));
  const forward = (images: Tensor4D) =>
    applyTraining(projectionHead, applyTraining(encoder, images)) as Tensor2D;
  const pairs = view1.shape[0];
  try {
    const { value, grads } = variableGrads(() => {
      if (viewBatching === 'separate') return loss(forward(view1), forward(view2));
      const projections = forward(concat([view1, view2], 0));
      return loss(slice(projections, [0, 0], [pairs, -1]), slice(projections, [pairs, 0], [pairs, -1]));
    }, variables);
    return { loss: value, gradients: grads };
  } catch (error) {
    releaseTape();
    throw explainMissingKernel(error);
  }
}

/** What a gradient needs later tfjs keeps until then, and for ever where it never comes to that. */
function releaseTape(): void {
  const { state } = engine();
  if (state.gradientDepth > 0) return; // the tape belongs to a gradient around this one
  for (const { saved } of state.activeTape ?? []) for (const tensor of saved ?? []) tensor.dispose();
  state.activeTape = [];
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

function applyTraining(model: LayersModel, input: Tensor): Tensor {
  return model.apply(input, { training: true }) as Tensor;
}

/** tfjs says which kernel is missing, but not what to do about it. */
export function explainMissingKernel(error: unknown): unknown {
  const message = error instanceof Error ? error.message : '';
  const kernel = /Kernel '(\w+)' not registered for backend '(\w+)'/.exec(message);
  if (kernel) {
    return new BackendError(
      `The active backend '${kernel[2]}' lacks the kernel ${kernel[1]}, which these models need. ` +
        "On WebAssembly import 'simclr-ts/wasm', which adds the training kernels; else choose another backend or layer.",
      { cause: error },
    );
  }
  // What the wasm backend's memory says when it cannot grow: it cannot be used after that.
  if (error instanceof Error && error.name === 'RuntimeError' && /^Aborted\(/.test(message)) {
    return new BackendError(
      'The active backend has no more memory, or has failed: take a smaller batch or pictures, and start the process or page anew; ' +
        `the last checkpoint is good. It said: ${message.split('.')[0]}.`,
      { cause: error },
    );
  }
  const gradient = /gradient function not found for (\w+)/.exec(message);
  if (gradient) {
    return new BackendError(
      `tfjs has no gradient for ${gradient[1]}, which a layer of the encoder or of the projection head uses.`,
      { cause: error },
    );
  }
  return error;
}
