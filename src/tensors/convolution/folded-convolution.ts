import {
  add,
  conv2d,
  engine,
  mul,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import { type Activation, addAndActivate, affineOf, ceilingOf } from '../batch-normalization.js';
import { hasKernel, recordsGradients } from '../registered-kernels.js';
import { paddedConv2d, type SidePadding } from './padded-windows.js';

/**
 * A kernel that a backend may have under a name of this library, in place of {@link foldedConvolution}'s plain ops and with
 * their results but for rounding. Inputs `x`, `filter`, and where there are any `bias`, `mean`, `variance`, `gamma`, `beta`
 * and `residual`; attributes `strides`, `pad` (as of tfjs's convolutions), `epsilon`, and `floor`
 * and `ceiling`, where the activation ends. The backend may keep what
 * it computes from the other inputs than `x` and `residual` until their data is disposed of.
 */
export const foldedKernel = 'SimCLRFoldedConv2D';

/** A batch normalization by given statistics. */
export interface ChannelNormalization {
  /** Mean of each channel. Shape `[F]`. */
  mean: Tensor1D;
  /** Variance of each channel. Shape `[F]`, >= 0. */
  variance: Tensor1D;
  /** Scale of each channel. Shape `[F]`; without it 1. */
  gamma?: Tensor1D | undefined;
  /** Offset of each channel. Shape `[F]`; without it 0. */
  beta?: Tensor1D | undefined;
  /** Added to the variance, > 0. */
  epsilon: number;
}

/** Options of {@link foldedConvolution}. */
export interface FoldedConvolutionOptions {
  /** Step of the window along both axes, in pixels. */
  strides: number;
  /** As of tfjs's convolutions, or zeros before and after the picture along both axes. */
  pad: 'same' | 'valid' | readonly [SidePadding, SidePadding];
  /** Added to each channel. Shape `[F]`. */
  bias?: Tensor1D | undefined;
  /** What follows the convolution and the bias. */
  normalization?: ChannelNormalization | undefined;
  /** What is added then. Shape of the result. */
  residual?: Tensor4D | undefined;
  /** Applied last. */
  activation?: Activation | undefined;
}

/**
 * A convolution with what follows it at inference: y = act(γ · (conv(x) + bias − μ) / √(σ² + ε) + β + residual). The
 * normalization is folded into the filter and an offset, so that it takes no pass over the result.
 *
 * @param x - `[N, H, W, C]`, float32.
 * @param filter - `[height, width, C, F]`.
 * @returns `[N, H', W', F]`; the caller disposes it.
 */
export function foldedConvolution(
  x: Tensor4D,
  filter: Tensor4D,
  options: FoldedConvolutionOptions,
): Tensor4D {
  const { strides, pad, bias, normalization, residual, activation } = options;
  const suitsKernel =
    hasKernel(foldedKernel) &&
    !recordsGradients() &&
    [x, filter, residual ?? x].every(({ dtype, size }) => dtype === 'float32' && size > 0);
  if (suitsKernel) {
    const { epsilon = 0, ...statistics } = normalization ?? {};
    const inputs = Object.entries({ x, filter, bias, ...statistics, residual });
    const given = Object.fromEntries(inputs.filter(([, tensor]) => tensor !== undefined));
    const attributes = {
      strides,
      pad: typeof pad === 'string' ? pad : [[0, 0], ...pad.map((sides) => [...sides]), [0, 0]],
      epsilon,
      floor: activation === undefined ? Number.NEGATIVE_INFINITY : 0,
      ceiling: ceilingOf(activation),
    };
    return engine().runKernel(foldedKernel, given as Record<string, Tensor>, attributes as never) as Tensor4D;
  }
  return tidy(() => {
    const { scale, shift } = factorsOf(options);
    const folded = scale === undefined ? filter : mul<Tensor4D>(filter, scale);
    let y =
      typeof pad === 'string'
        ? conv2d(x, folded, strides, pad)
        : paddedConv2d(x, folded, { strides, padding: pad });
    if (shift !== undefined) y = add(y, shift);
    return addAndActivate(y, residual, activation) as Tensor4D;
  });
}

/** `scale` and `shift` such that what precedes the residual is scale * conv(x) + shift. */
function factorsOf({ bias, normalization }: FoldedConvolutionOptions): { scale?: Tensor; shift?: Tensor } {
  if (normalization === undefined) return bias === undefined ? {} : { shift: bias };
  const { mean, variance, ...rest } = normalization;
  const { scale, shift } = affineOf(mean, variance, rest);
  return { scale, shift: bias === undefined ? shift : add(shift, mul(bias, scale)) };
}
