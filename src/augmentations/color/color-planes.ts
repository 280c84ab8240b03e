import { add, mul, reshape, stack, type Tensor2D, type Tensor4D, transpose } from '@tensorflow/tfjs-core';
import { gatherRows } from '../geometry/resample.js';

/**
 * Red, green and blue of a batch, each `[batch, height * width]`. Color arithmetic runs on whole planes: ops along
 * a last axis of 3 are many times slower on wasm, and WebGL packs 4 of a row.
 */
export type ColorPlanes = readonly [red: Tensor2D, green: Tensor2D, blue: Tensor2D];

/** The planes of color pictures, or the only one of gray pictures. */
export type Planes = ColorPlanes | readonly [gray: Tensor2D];

/** Applies `change` to each plane. */
export function mapPlanes(planes: Planes, change: (plane: Tensor2D) => Tensor2D): Planes {
  return planes.map(change) as unknown as Planes;
}

/** Weights of ITU-R BT.601 as torchvision and TensorFlow round them. */
export const grayWeights = [0.2989, 0.587, 0.114] as const;

/** Planes of `[batch, height, width, 3 or 1]`. Call it inside `tidy`. */
export function toPlanes(images: Tensor4D): Planes {
  const [batchSize, height, width, channels] = images.shape;
  if (channels === 1) return [reshape(images, [batchSize, height * width])];
  const planes = transpose(reshape(images, [batchSize * height * width, 3]), [1, 0]) as Tensor2D;
  // Not by slice, which on wasm copies the whole tensor first.
  const plane = (channel: number): Tensor2D =>
    reshape(gatherRows(planes, new Int32Array([channel])), [batchSize, height * width]);
  return [plane(0), plane(1), plane(2)];
}

/** Joins planes into pictures of `shape`. Call it inside `tidy`. */
export function fromPlanes(planes: Planes, shape: readonly [number, number, number, number]): Tensor4D {
  if (planes.length === 1) return reshape(planes[0], [...shape]);
  const pixels = shape[0] * shape[1] * shape[2];
  const rows = reshape(stack([...planes]), [3, pixels]);
  return reshape(transpose(rows, [1, 0]), [...shape]);
}

/** Brightness of every pixel, `[batch, height * width]`. Call it inside `tidy`. */
export function grayPlane(planes: Planes): Tensor2D {
  if (planes.length === 1) return planes[0];
  const [red, green, blue] = planes;
  return add(add(mul(red, grayWeights[0]), mul(green, grayWeights[1])), mul<Tensor2D>(blue, grayWeights[2]));
}
