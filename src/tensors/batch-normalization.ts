import {
  add,
  customGrad,
  div,
  type GradSaveFunc,
  minimum,
  mul,
  neg,
  relu,
  reshape,
  rsqrt,
  square,
  step,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import {
  checkChoice,
  checkFloatTensor,
  checkInteger,
  checkPositive,
  checkSameShape,
} from '../errors/checks.js';
import { ShapeError } from '../errors/errors.js';
import { fusedKernels, hasFusedRows, runFused } from './fused-rows.js';
import { recordsGradients } from './registered-kernels.js';
import { meanOverRows, type RowLayout, rowLayout, sumOverRows } from './row-statistics.js';
import { type SharedRows, sharedStatistics, shareMoments, shareSums } from './shared-statistics.js';

/** What may follow a batch normalization. `'relu6'` is min(max(x, 0), 6). */
export type Activation = 'relu' | 'relu6';

/** The activations. */
export const activations: readonly Activation[] = ['relu', 'relu6'];

/** What {@link batchNormalization} and {@link batchNormalizationInference} have in common. */
interface AffineOptions {
  /** Scale of each channel. Shape `[C]`; without it 1. */
  gamma?: Tensor1D | undefined;
  /** Offset of each channel. Shape `[C]`; without it 0. */
  beta?: Tensor1D | undefined;
  /** Added after scale and offset, before the activation. Same shape as `x`. */
  residual?: Tensor | undefined;
  /** Applied last. @defaultValue none */
  activation?: Activation | undefined;
  /** Added to the variance, > 0. */
  epsilon: number;
}

/** Options of {@link batchNormalization}. */
export interface BatchNormalizationOptions extends AffineOptions {
  /** The batch is split into this many equal parts along axis 0, each with its own statistics. At least 1. */
  groups: number;
}

/** Options of {@link batchNormalizationInference}. */
export interface BatchNormalizationInferenceOptions extends AffineOptions {
  /** Mean of each channel. Shape `[C]`. */
  mean: Tensor1D;
  /** Variance of each channel. Shape `[C]`, >= 0. */
  variance: Tensor1D;
}

/** Result of {@link batchNormalization}; the caller disposes of its three tensors. */
export interface BatchNormalizationResult<T extends Tensor = Tensor> {
  /** Shape of `x`. */
  output: T;
  /** Mean of each group and channel. Shape `[groups, C]`; no gradient flows through it. */
  mean: Tensor2D;
  /** Biased variance of each group and channel. Shape `[groups, C]`; no gradient flows through it. */
  variance: Tensor2D;
  /** Number of values per mean; with shared statistics, over all processes. */
  count: number;
}

function checkAffine(caller: string, x: Tensor, options: AffineOptions): void {
  checkFloatTensor(caller, 'x', x, Math.max(2, x?.rank ?? 2), '[batch, ..., channels]');
  const channels = x.shape[x.rank - 1]!;
  for (const name of ['gamma', 'beta'] as const) {
    if (options[name] !== undefined) checkChannels(caller, name, options[name], channels);
  }
  if (options.residual !== undefined) checkSameShape(caller, 'x', x, 'residual', options.residual);
  if (options.activation !== undefined) checkChoice(caller, 'activation', options.activation, activations);
  checkPositive(caller, 'epsilon', options.epsilon);
}

function checkChannels(caller: string, name: string, tensor: Tensor, channels: number): void {
  checkFloatTensor(caller, name, tensor, 1, '[channels]');
  if (tensor.shape[0] !== channels) {
    throw new ShapeError(
      `${caller}: ${name} must have one value for each of the ${channels} channels of x. Received: ${name}=[${tensor.shape}].`,
    );
  }
}

export function addAndActivate(
  normalized: Tensor,
  residual: Tensor | undefined,
  activation: Activation | undefined,
): Tensor {
  const added = residual === undefined ? normalized : add(normalized, reshape(residual, normalized.shape));
  if (activation === undefined) return added;
  // Not relu6, which takes NaN for 0 on WebGPU.
  return activation === 'relu6' ? minimum(relu(added), ceilingOf(activation)) : relu(added);
}

/** Where an activation ends. */
export const ceilingOf = (activation: Activation | undefined) =>
  activation === 'relu6' ? 6 : Number.POSITIVE_INFINITY;

/** The gradient in front of an activation, from that behind it. */
function throughActivation(dy: Tensor, output: Tensor, activation: Activation | undefined): Tensor {
  if (activation === undefined) return dy;
  const open = mul(dy, step(output));
  return activation === 'relu6' ? mul(open, step(sub(ceilingOf(activation), output))) : open;
}

/**
 * Batch normalization in training mode, with an optional residual and activation: y = act(γ · (x − μ) / √(σ² + ε) + β +
 * residual).
 *
 * The mean μ and the biased variance σ² are over all axes but the last, in two passes (no cancellation when the
 * mean is large). The gradient for `x`, `gamma`, `beta`, and `residual` is in closed form and keeps only `x` and,
 * for the ReLU, the output. It cannot be differentiated twice.
 *
 * @param x - Shape `[N, ..., C]`, rank 2 or more, float32.
 * @param options - See {@link BatchNormalizationOptions}.
 * @returns Output, mean and variance; the caller disposes of them.
 * @throws {@link ShapeError} when a shape does not fit `x`, `groups` does not divide the batch, or a group has only one
 * value for each channel (its variance would be 0).
 * @throws {@link InvalidOptionError} when `epsilon`, `groups` or `activation` is outside its domain.
 * @example
 * const { output, mean, variance } = batchNormalization(x, { gamma, beta, epsilon: 1e-5, groups: 1 });
 * @see Ioffe and Szegedy 2015, arXiv:1502.03167, Algorithm 1.
 */
export function batchNormalization<T extends Tensor>(
  x: T,
  options: BatchNormalizationOptions,
): BatchNormalizationResult<T> {
  const caller = 'batchNormalization';
  checkAffine(caller, x, options);
  const { groups } = options;
  checkInteger(caller, 'groups', groups);
  if (x.shape[0]! % groups !== 0) {
    throw new ShapeError(
      `${caller}: groups must divide the batch. Received: groups=${groups}, x=[${x.shape}].`,
    );
  }
  const layout = rowLayout(x, groups);
  if (layout.count < 2) {
    throw new ShapeError(
      `${caller}: training needs more than one value for each channel${groups > 1 ? ' in every group' : ''}; use a larger batch. Received: x=[${x.shape}], groups=${groups}.`,
    );
  }
  return tidy(() => {
    const matrix = reshape(x, layout.rows);
    const own = momentsOf(matrix, layout);
    const sumOverProcesses = groups === 1 ? sharedStatistics() : undefined;
    const {
      moments: [mean, variance],
      shared,
    } = sumOverProcesses ? shareMoments(own, layout, sumOverProcesses) : { moments: own, shared: undefined };
    const output = normalizeByBatch(x, mean, variance, options, layout, shared) as T;
    const perGroup: [number, number] = [groups, layout.channels];
    return {
      output,
      mean: reshape(mean, perGroup) as Tensor2D,
      variance: reshape(variance, perGroup) as Tensor2D,
      count: shared?.count ?? layout.count,
    };
  });
}

/** Mean and biased variance of every group and channel. */
function momentsOf(matrix: Tensor, layout: RowLayout): [Tensor, Tensor] {
  if (hasFusedRows()) {
    const moments = runFused(fusedKernels.moments, { x: matrix }, { groups: layout.groups });
    return moments.map((moment) => reshape(moment, layout.channel)) as [Tensor, Tensor];
  }
  const mean = withoutGradient(() => meanOverRows(matrix, layout), matrix);
  return [mean, withoutGradient(() => meanOverRows(square(sub(matrix, mean)), layout), matrix)];
}

/** Runs `compute` on `x` without recording its operations, so that large intermediate results are not kept. */
function withoutGradient(compute: () => Tensor, x: Tensor): Tensor {
  return customGrad<Tensor>(() => ({ value: compute(), gradFunc: () => zerosLike(x) }))(x);
}

type SavedTensors = [x: Tensor, mean: Tensor, variance: Tensor, output: Tensor, gamma?: Tensor];

/** Normalization by the statistics of `x`; the gradient includes their dependence on `x`. */
function normalizeByBatch(
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  options: BatchNormalizationOptions,
  layout: RowLayout,
  shared: SharedRows | undefined,
): Tensor {
  const { gamma, beta, residual, activation, epsilon } = options;
  const inputs = [x, gamma, beta, residual].filter((input) => input !== undefined);
  const normalize = customGrad<Tensor>((...inputsAndSave) => {
    const save = inputsAndSave[inputsAndSave.length - 1] as GradSaveFunc;
    const matrix = reshape(x, layout.rows);
    const output = normalized(matrix, mean, variance, options, layout);
    // Only what exists outside anyway is kept for the backward pass; the rest is small or cheap to compute again.
    const last = activation === undefined ? matrix : output;
    save([matrix, mean, variance, last, ...(gamma === undefined ? [] : [gamma])]);

    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] =>
      tidy(() => {
        const [savedX, savedMean, savedVariance, savedOutput, savedGamma] = saved as SavedTensors;
        const upstream = reshape(dy, layout.rows);
        if (hasFusedRows()) {
          const [dx, gammaGradient, betaGradient, residualGradient] = runFused(
            fusedKernels.normalizeGradient,
            {
              dy: upstream,
              x: savedX,
              mean: savedMean,
              variance: savedVariance,
              gamma: savedGamma,
              output: activation === undefined ? undefined : savedOutput,
            },
            {
              groups: layout.groups,
              epsilon,
              ceiling: ceilingOf(activation),
              residual: residual !== undefined,
            },
          );
          const sums: [Tensor, Tensor] = [gammaGradient!, betaGradient!];
          const exact = shared
            ? correctGradient(dx!, sums, saved as SavedTensors, epsilon, layout, shared)
            : dx!;
          const gradients = [reshape(exact, x.shape)];
          if (gamma !== undefined) gradients.push(gammaGradient!);
          if (beta !== undefined) gradients.push(betaGradient!);
          if (residual !== undefined) gradients.push(reshape(residualGradient!, x.shape));
          return gradients;
        }
        const masked = throughActivation(upstream, savedOutput, activation);
        const deviation = rsqrt(add(savedVariance, epsilon)); // its reciprocal
        const slope = savedGamma === undefined ? deviation : mul(deviation, savedGamma);
        const centered = sub(savedX, savedMean);
        const meanGradient = meanOverRows(masked, layout);
        const meanProduct = meanOverRows(mul(masked, centered), layout);
        // dx = slope (dz - mean(dz) - (x - mean) deviation^2 mean(dz (x - mean))), means over all that the statistics
        // were taken of; the gradients of gamma and beta are those of the own batch.
        const own: [Tensor, Tensor] = [meanProduct, meanGradient];
        const [allProduct, allGradient] = shared
          ? shareSums(own.map((value) => mul(value, layout.count / shared.count)) as typeof own, shared)
          : own;
        const inner = neg(mul(mul(slope, square(deviation)), allProduct));
        const dx = sub(add(mul(masked, slope), mul(centered, inner)), mul(slope, allGradient));
        const gradients = [reshape(dx, x.shape)];
        if (gamma !== undefined) gradients.push(sumOverRows(mul(meanProduct, deviation), layout));
        if (beta !== undefined) gradients.push(sumOverRows(meanGradient, layout));
        if (residual !== undefined) gradients.push(reshape(masked, x.shape));
        return gradients;
      });
    return { value: reshape(output, x.shape), gradFunc };
  });
  return normalize(...inputs);
}

/**
 * The fused kernel takes the gradient's means over this process's batch. This adds, for each channel, what the means
 * over all processes change. With G the sum of dz times the normalized x (gamma's gradient) and B that of dz (beta's),
 * it is slope (B / n - B_all / N) + slope (G / n - G_all / N) times the normalized x, which is another normalization.
 */
function correctGradient(
  dx: Tensor,
  sums: [Tensor, Tensor],
  [x, mean, variance, , gamma]: SavedTensors,
  epsilon: number,
  layout: RowLayout,
  shared: SharedRows,
): Tensor {
  const allSums = shareSums(sums, shared);
  const deviation = rsqrt(add(variance, epsilon)); // its reciprocal
  const slope = gamma === undefined ? deviation : mul(deviation, gamma);
  const [scale, shift] = sums.map((own, index) =>
    mul(slope, sub(div(own, layout.count), div(allSums[index]!, shared.count))),
  );
  const inputs = { x, mean, variance, gamma: scale, beta: shift, residual: dx };
  const attributes = { groups: 1, epsilon, relu: false, ceiling: ceilingOf(undefined) };
  return runFused(fusedKernels.normalize, inputs, attributes)[0]!;
}

/** act(scale * x + shift + residual), by the backend's fused kernel where it has one. */
function normalized(
  matrix: Tensor,
  mean: Tensor,
  variance: Tensor,
  options: AffineOptions,
  { groups, rows }: RowLayout,
  fused = hasFusedRows(),
): Tensor {
  const { gamma, beta, residual, activation, epsilon } = options;
  if (fused) {
    const inputs = { x: matrix, mean, variance, gamma, beta, residual };
    const [output] = runFused(fusedKernels.normalize, inputs, {
      groups,
      epsilon,
      relu: activation !== undefined,
      ceiling: ceilingOf(activation),
    });
    return reshape(output!, rows);
  }
  const { scale, shift } = affineOf(mean, variance, options);
  return addAndActivate(add(mul(matrix, scale), shift), residual, activation);
}

/** `scale` and `shift` of every channel such that the normalized x is scale * x + shift. */
export function affineOf(
  mean: Tensor,
  variance: Tensor,
  { gamma, beta, epsilon }: Pick<AffineOptions, 'gamma' | 'beta' | 'epsilon'>,
): { scale: Tensor; shift: Tensor } {
  const deviation = rsqrt(add(variance, epsilon));
  const scale = gamma === undefined ? deviation : mul(deviation, gamma);
  const moved = mul(mean, scale);
  return { scale, shift: beta === undefined ? neg(moved) : sub(beta, moved) };
}

/**
 * Batch normalization with given statistics, as at inference: y = act(γ · (x − μ) / √(σ² + ε) + β + residual).
 *
 * Gradients flow to `x`, `gamma`, `beta` and `residual` (fine-tuning with frozen statistics).
 *
 * @param x - Shape `[N, ..., C]`, rank 2 or more, float32.
 * @param options - See {@link BatchNormalizationInferenceOptions}.
 * @returns Tensor of the shape of `x`; the caller disposes of it.
 * @throws {@link ShapeError} when a shape does not fit `x`.
 * @throws {@link InvalidOptionError} when `epsilon` or `activation` is outside its domain.
 * @example
 * const output = batchNormalizationInference(x, { mean, variance, gamma, beta, epsilon: 1e-5 });
 * @see Ioffe and Szegedy 2015, arXiv:1502.03167, Algorithm 2.
 */
export function batchNormalizationInference<T extends Tensor>(
  x: T,
  options: BatchNormalizationInferenceOptions,
): T {
  const caller = 'batchNormalizationInference';
  checkAffine(caller, x, options);
  const { mean, variance } = options;
  const layout = rowLayout(x, 1);
  checkChannels(caller, 'mean', mean, layout.channels);
  checkChannels(caller, 'variance', variance, layout.channels);
  // The fused kernel has no gradient of its own; the one of training is that for statistics of x itself.
  const fused = hasFusedRows() && !recordsGradients();
  return tidy(() => {
    const output = normalized(reshape(x, layout.rows), mean, variance, options, layout, fused);
    return reshape(output, x.shape) as T;
  });
}
