import { conv2d, depthwiseConv2d, engine, maxPool, pad, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { hasKernel } from '../registered-kernels.js';

/** Pixels before and after the picture along one axis. */
export type SidePadding = readonly [before: number, after: number];

/** How a window runs over a picture. */
export interface WindowOptions {
  /** Step of the window along both axes, in pixels. */
  strides: number;
  /** Padding of height and width. Some window covers every row and column of it. */
  padding: readonly [SidePadding, SidePadding];
}

/**
 * Kernels of this library that a backend may register: windows over pictures with explicit padding, without a
 * padded copy of the pictures. Their attributes are `strides` (one number) and `padding` (top, bottom, left, right).
 * The backend registers gradients for all but the gradient kernels.
 */
export const paddedKernels = {
  /** Inputs `x`, `filter`. */
  convolution: 'SimCLRPaddedConv2D',
  /** Inputs `dy`, `filter`; attribute `inputShape`. */
  convolutionInputGradient: 'SimCLRPaddedConv2DInputGradient',
  /** Inputs `x`, `dy`; attribute `filterShape`. */
  convolutionFilterGradient: 'SimCLRPaddedConv2DFilterGradient',
  /** Inputs `x`, `filter`. */
  depthwise: 'SimCLRPaddedDepthwiseConv2D',
  /** Inputs `dy`, `filter`; attribute `inputShape`. */
  depthwiseInputGradient: 'SimCLRPaddedDepthwiseConv2DInputGradient',
  /** Inputs `x`, `dy`; attribute `filterShape`. */
  depthwiseFilterGradient: 'SimCLRPaddedDepthwiseConv2DFilterGradient',
  /** Inputs `dy`, `input`, `output`; attributes `kernelSize` too. */
  maxPoolGradient: 'SimCLRPaddedMaxPoolGradient',
  /** Inputs `x`; attributes `kernelSize` too. */
  maxPool: 'SimCLRPaddedMaxPool',
} as const;

// The lowest float32: no input is below it.
const lowest = -3.4028234663852886e38;

function runPadded(
  kernel: string,
  inputs: Record<string, Tensor4D>,
  attributes: object,
): Tensor4D | undefined {
  if (!hasKernel(kernel)) return undefined;
  return engine().runKernel(kernel, inputs, attributes as Record<string, number>) as Tensor4D;
}

/**
 * Convolution of pictures padded with zeros.
 *
 * @param x - `[N, H, W, C]`, float32.
 * @param filter - `[size, size, C, F]`.
 * @returns `[N, H', W', F]`; the caller disposes it.
 */
export function paddedConv2d(x: Tensor4D, filter: Tensor4D, { strides, padding }: WindowOptions): Tensor4D {
  const attributes = { strides, padding: padding.flat() };
  return (
    runPadded(paddedKernels.convolution, { x, filter }, attributes) ??
    tidy(() => conv2d(padAround(x, padding, 0), filter, strides, 'valid'))
  );
}

/**
 * Depthwise convolution of pictures with zeros around them: each channel has its own filters.
 *
 * @param x - `[N, H, W, C]`, float32.
 * @param filter - `[size, size, C, multiplier]`.
 * @returns `[N, H', W', C * multiplier]`; the caller disposes it.
 */
export function paddedDepthwiseConv2d(
  x: Tensor4D,
  filter: Tensor4D,
  { strides, padding }: WindowOptions,
): Tensor4D {
  const attributes = { strides, padding: padding.flat() };
  return (
    runPadded(paddedKernels.depthwise, { x, filter }, attributes) ??
    tidy(() => depthwiseConv2d(padAround(x, padding, 0), filter, strides, 'valid'))
  );
}

/**
 * Maxima over square windows of pictures; no maximum is taken of the padding.
 *
 * @param x - `[N, H, W, C]`, float32.
 * @param kernelSize - Height and width of the window, in pixels.
 * @returns `[N, H', W', C]`; the caller disposes it.
 */
export function paddedMaxPool(
  x: Tensor4D,
  kernelSize: number,
  { strides, padding }: WindowOptions,
): Tensor4D {
  const attributes = { kernelSize, strides, padding: padding.flat() };
  return (
    runPadded(paddedKernels.maxPool, { x }, attributes) ??
    tidy(() => maxPool(padAround(x, padding, lowest), kernelSize, strides, 'valid'))
  );
}

/** Pictures with a border of a value. */
export function padAround(
  x: Tensor4D,
  [vertical, horizontal]: WindowOptions['padding'],
  value: number,
): Tensor4D {
  return pad(x, [[0, 0], [...vertical], [...horizontal], [0, 0]], value);
}
