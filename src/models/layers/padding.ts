import { checkInteger } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';

/** Zeros (or rather lowest values, for a maximum) around a picture: one number, or [top, bottom, left, right]. */
export type Padding = number | readonly [number, number, number, number];

/** Padding of one axis, in pixels. */
export type AxisPadding = [before: number, after: number];

/** What convolutions and pools need to know along one axis. */
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

/** Pixels that come out of `size` pixels, as PyTorch counts them: incomplete windows at the end are dropped. */
export function outputSize(
  size: number,
  { kernelSize, stride }: Window,
  [before, after]: AxisPadding,
): number {
  return Math.floor((size + before + after - kernelSize) / stride) + 1;
}

/** The padding without what no window reaches: stride 2 often leaves the last line unread. */
export function usedPadding(size: number, window: Window, padding: AxisPadding): AxisPadding {
  const [before, after] = padding;
  const reach = (outputSize(size, window, padding) - 1) * window.stride + window.kernelSize;
  return [before, Math.min(after, Math.max(0, reach - size - before))];
}

/** What 'same' means in TensorFlow: as little padding as gives ceil(size / stride) pixels, the odd one at the end. */
export function samePadding(size: number, { kernelSize, stride }: Window): AxisPadding {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernelSize - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** How to run a window over a padded picture with kernels that know 'same' and 'valid' only. */
export interface PaddingPlan {
  /** What to ask the kernel for. */
  mode: 'same' | 'valid';
  /** What to pad by first; undefined where nothing is needed. */
  pad?: [AxisPadding, AxisPadding];
}

/**
 * Finds the cheapest way to a padding. Explicit padding is never handed to the kernel: the gradient kernels of
 * tfjs-node refuse it.
 */
export function planPadding(
  size: readonly [number, number],
  windows: readonly [Window, Window],
  padding: readonly [AxisPadding, AxisPadding],
): PaddingPlan {
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
