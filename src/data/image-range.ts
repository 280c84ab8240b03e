import { engine, max, min, stack, sum, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { ValueRangeError } from '../errors/errors.js';
import { hasKernel } from '../tensors/registered-kernels.js';

/** How far a resize may overshoot [0, 1] by rounding. */
const tolerance = 1e-3;

interface ImageRange {
  minimum: number;
  maximum: number;
  hasNaN: boolean;
}

function likelyMistake({ minimum, maximum, hasNaN }: ImageRange): string | undefined {
  if (hasNaN) return 'they contain NaN (a division by zero before, or a picture that was not decoded?)';
  if (!Number.isFinite(minimum) || !Number.isFinite(maximum)) return 'they contain an infinite value';
  if (minimum >= -tolerance && maximum <= 1 + tolerance) return undefined;
  if (minimum < -tolerance) {
    if (minimum >= -1 - tolerance && maximum <= 1 + tolerance) {
      return 'they look scaled to [-1, 1]: undo it with (x + 1) / 2';
    }
    if (minimum >= -10 && maximum <= 10) {
      return 'they look already normalized by mean and standard deviation: pass the pictures from before that';
    }
    return 'they contain values below 0';
  }
  if (maximum <= 2) return 'some values are slightly above 1: clip them to [0, 1]';
  if (maximum <= 255) return 'they look like 0-255 pictures: divide by 255, or pass them in a Uint8Array';
  return 'they look like pictures of more than 8 bits: divide by the largest possible value (65535 for 16 bits)';
}

function checkRange(caller: string, argument: string, range: ImageRange): void {
  const mistake = likelyMistake(range);
  if (mistake === undefined) return;
  const received = range.hasNaN ? 'NaN' : `values from ${range.minimum} to ${range.maximum}`;
  throw new ValueRangeError(
    `${caller}: ${argument} must hold values in [0, 1], but ${mistake}. Received: ${argument} with ${received}.`,
  );
}

/** @throws {@link ValueRangeError} unless all `values` are in [0, 1]. */
export function checkImageRange(caller: string, argument: string, values: Float32Array): void {
  let minimum = 0;
  let maximum = 0;
  let hasNaN = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < minimum) minimum = value;
    else if (value > maximum) maximum = value;
    else if (Number.isNaN(value)) hasNaN = true;
  }
  checkRange(caller, argument, { minimum, maximum, hasNaN });
}

/**
 * A kernel of this library that a backend may register. Input `x`, not empty; output its smallest and its largest value,
 * `[2]`, both NaN where a value is.
 */
export const valueRangeKernel = 'SimCLRValueRange';

/** Data of tensors whose values are known to be in [0, 1]. Data never change, and clones share them. */
const inRange = new WeakSet<object>();

/** Says that the values of a tensor were made of bytes, or were checked: {@link checkImageValues} does nothing then. */
export function markInRange<T extends Tensor>(images: T): T {
  inRange.add(images.dataId);
  return images;
}

/**
 * Checks on any backend that pictures are in [0, 1], with one asynchronous read of a few numbers. What this library made
 * of bytes, or of values that it checked in host memory, is not checked again.
 *
 * @param caller - The function that the message names.
 * @param argument - The argument that the message names.
 * @param images - Shape `[batch, height, width, channels]`, float32; not disposed.
 * @throws {@link ValueRangeError} when values are NaN or outside [0, 1]; the message names the likely mistake.
 * @example
 * await checkImageValues('fit', 'images', images);
 */
export async function checkImageValues(caller: string, argument: string, images: Tensor4D): Promise<void> {
  if (images.size === 0 || inRange.has(images.dataId)) return;
  checkRange(caller, argument, await rangeOf(images));
  markInRange(images);
}

async function rangeOf(images: Tensor4D): Promise<ImageRange> {
  const fused = hasKernel(valueRangeKernel);
  // NaN is found by summing: a sum with a NaN in it is NaN on every backend, whereas comparisons and `isNaN` may be
  // compiled away by shader compilers that assume there is none.
  const summary = fused
    ? (engine().runKernel(valueRangeKernel, { x: images }, {}) as Tensor)
    : tidy(() => stack([min(images), max(images), sum(images)]));
  try {
    const [minimum, maximum, total = 0] = (await summary.data()) as unknown as [number, number, number?];
    // Infinities of both signs also sum to NaN; those show in the extremes.
    const hasNaN = Number.isNaN(total) && Number.isFinite(minimum) && Number.isFinite(maximum);
    const extremesNaN = Number.isNaN(minimum) || Number.isNaN(maximum);
    return { minimum, maximum, hasNaN: hasNaN || extremesNaN };
  } finally {
    summary.dispose();
  }
}
