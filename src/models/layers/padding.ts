import { checkInteger } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import type { OpenShape } from './layer-types.js';

/** Zeros around a picture (for a maximum, lowest values): one number, or [top, bottom, left, right]. */
export type Padding = number | readonly [number, number, number, number];

/** Padding of one axis, in pixels. */
export type AxisPadding = [before: number, after: number];

/** A convolution or pool along one axis. */
export interface Window {
  /** Pixels that the window spans. */
  kernelSize: number;
  /** Pixels that it moves. */
  stride: number;
}

/** @throws {@link InvalidOptionError} unless `padding` is an integer >= 0 or four of them. */
export function checkPadding(caller: string, padding: Padding): void {
  if (typeof padding === 'number') {
    checkInteger(caller, 'padding', padding, 0);
    return;
  }
  if (!Array.isArray(padding) || padding.length !== 4) {
    throw new InvalidOptionError(
      `${caller}: padding must be an integer >= 0 or [top, bottom, left, right]. Received: padding=${JSON.stringify(padding)}.`,
    );
  }
  for (const side of padding as number[]) checkInteger(caller, 'padding', side, 0);
}

/** Height and width padding of a {@link Padding}. */
export function axesOf(padding: Padding): [AxisPadding, AxisPadding] {
  if (typeof padding === 'number') {
    return [
      [padding, padding],
      [padding, padding],
    ];
  }
  const [top, bottom, left, right] = padding;
  return [
    [top, bottom],
    [left, right],
  ];
}

/** Output pixels for `size` input pixels, as in PyTorch: incomplete windows at the end are dropped. */
export function outputSize(
  size: number,
  { kernelSize, stride }: Window,
  [before, after]: AxisPadding,
): number {
  return Math.floor((size + before + after - kernelSize) / stride) + 1;
}

/**
 * Shape of the maps that windows give: `[batch, height', width', channels]`. Unknown sizes stay unknown.
 *
 * @throws {@link ShapeError} when a known size is smaller than a window.
 */
export function outputShape(
  [batch, height, width]: OpenShape,
  { kernelSize, strides, padding }: { kernelSize: number; strides: number; padding: Padding },
  channels: number | null,
): OpenShape {
  const [vertical, horizontal] = axesOf(padding);
  const window = { kernelSize, stride: strides };
  const sizeOf = (size: number | null | undefined, sides: AxisPadding) =>
    size == null ? null : windowsWithin(size, window, sides);
  return [batch!, sizeOf(height, vertical), sizeOf(width, horizontal), channels];
}

/** {@link outputSize} of maps that hold at least one window. */
function windowsWithin(size: number, window: Window, padding: AxisPadding): number {
  const count = outputSize(size, window, padding);
  if (count >= 1) return count;
  const [before, after] = padding;
  throw new ShapeError(
    `The pictures are too small for the network: a window of ${window.kernelSize} pixels must fit into the padded maps. Received: maps of ${size} pixels with a padding of ${before} and ${after}.`,
  );
}

/** The padding without the part that no window reaches: with stride 2, the last row is often unused. */
export function usedPadding(size: number, window: Window, padding: AxisPadding): AxisPadding {
  const [before, after] = padding;
  const reach = (outputSize(size, window, padding) - 1) * window.stride + window.kernelSize;
  return [before, Math.min(after, Math.max(0, reach - size - before))];
}

/** TensorFlow's 'same': the least padding that gives ceil(size / stride) pixels, with an odd pixel at the end. */
export function samePadding(size: number, { kernelSize, stride }: Window): AxisPadding {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernelSize - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** How to run a window over a padded picture with kernels that support only 'same' and 'valid'. */
export interface PaddingPlan {
  /** Padding that the kernel applies. */
  mode: 'same' | 'valid';
  /** Padding to apply before the kernel; undefined if none is needed. */
  pad?: [AxisPadding, AxisPadding];
}

/**
 * Finds the cheapest way to pad. Explicit padding never goes to the kernel, because the gradient kernels of
 * tfjs-node reject it.
 *
 * @throws {@link ShapeError} when the picture is smaller than a window.
 */
export function planPadding(
  size: readonly [number, number],
  windows: readonly [Window, Window],
  padding: readonly [AxisPadding, AxisPadding],
): PaddingPlan {
  for (const axis of [0, 1]) windowsWithin(size[axis]!, windows[axis]!, padding[axis]!);
  const used = [0, 1].map((axis) => usedPadding(size[axis]!, windows[axis]!, padding[axis]!)) as [
    AxisPadding,
    AxisPadding,
  ];
  if (used.flat().every((side) => side === 0)) return { mode: 'valid' };
  const isSame = used.every((sides, axis) => {
    const same = samePadding(size[axis]!, windows[axis]!);
    const sameOutput = Math.ceil(size[axis]! / windows[axis]!.stride);
    return (
      sides[0] === same[0] &&
      sides[1] === same[1] &&
      outputSize(size[axis]!, windows[axis]!, padding[axis]!) === sameOutput
    );
  });
  return isSame ? { mode: 'same' } : { mode: 'valid', pad: used };
}
