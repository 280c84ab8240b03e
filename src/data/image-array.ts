import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { describeValue, hasTag } from '../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../errors/errors.js';
import { checkImageRange, markInRange } from './image-range.js';

/**
 * Pictures in host memory in NHWC order: picture by picture, row by row, with the channels of a pixel together.
 *
 * `Uint8Array` data holds 0-255 and is divided by 255 when it becomes a tensor; `Float32Array` data must be in
 * [0, 1] already.
 */
export interface ImageArray {
  /** `count * height * width * channels` values. */
  readonly data: Float32Array | Uint8Array;
  /** `[count, height, width, channels]`. */
  readonly shape: readonly [count: number, height: number, width: number, channels: number];
}

/**
 * Pictures in host memory as functions take them: an {@link ImageArray}, or the same with a shape that TypeScript
 * only knows as a list of numbers. Its length is checked at the call.
 */
export interface ImageArrayLike {
  /** `count * height * width * channels` values. */
  readonly data: Float32Array | Uint8Array;
  /** `[count, height, width, channels]`. */
  readonly shape: readonly number[];
}

/** Byte to [0, 1], rounded to float32, as in torchvision's `to_tensor`. */
const unitOfByte = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** Whether `value` is bytes, of whatever realm; a Node `Buffer` is. */
export function isBytes(value: unknown): value is Uint8Array {
  return hasTag(value, 'Uint8Array');
}

/** Whether `value` is a tensor, of whatever copy of TensorFlow.js. */
export function isTensor(value: unknown): value is Tensor4D {
  return (
    typeof value === 'object' && value !== null && 'dataId' in value && 'dtype' in value && 'shape' in value
  );
}

/** Number of values of one picture. */
export function imageSize(images: ImageArray): number {
  return images.shape[1] * images.shape[2] * images.shape[3];
}

/** @throws {@link ShapeError} unless `images` is an {@link ImageArray} whose data fit its shape. */
export function checkImageArray(
  caller: string,
  argument: string,
  images: ImageArrayLike,
): asserts images is ImageArray {
  const { data, shape } = images ?? {};
  if (!isBytes(data) && !hasTag(data, 'Float32Array')) {
    throw new ShapeError(
      `${caller}: ${argument}.data must be a Float32Array or a Uint8Array. Received: ${argument}.data=${describeValue(data)}.`,
    );
  }
  const valid =
    Array.isArray(shape) &&
    shape.length === 4 &&
    shape.every((size, axis) => Number.isInteger(size) && size >= (axis === 0 ? 0 : 1));
  if (!valid) {
    throw new ShapeError(
      `${caller}: ${argument}.shape must be [count, height, width, channels]. Received: ${argument}.shape=${describeValue(shape)}.`,
    );
  }
  const expected = shape.reduce((product, size) => product * size, 1);
  if (data.length !== expected) {
    throw new ShapeError(
      `${caller}: ${argument}.data must hold ${expected} values for shape [${shape}]. Received: ${argument}.data of length ${data.length}.`,
    );
  }
}

/** @throws {@link ShapeError} unless `images` is a float32 tensor of rank 4 that was not disposed. */
export function checkImageTensor(caller: string, argument: string, images: Tensor4D): void {
  if (images.shape.length !== 4) {
    throw new ShapeError(
      `${caller}: ${argument} must have shape [count, height, width, channels]. Received: ${argument}=[${images.shape}].`,
    );
  }
  if (images.dtype !== 'float32') {
    const hint = images.dtype === 'int32' ? ' (0-255 pictures? Cast to float32 and divide by 255)' : '';
    throw new ShapeError(
      `${caller}: ${argument} must be float32${hint}. Received: ${argument} of dtype ${images.dtype}.`,
    );
  }
  if (images.isDisposed) {
    throw new InvalidOptionError(
      `${caller}: ${argument} must not be disposed. The tensors that an iterable gives are disposed after ` +
        `their step; pass a function that makes new ones in every epoch. Received: a disposed tensor.`,
    );
  }
}

/**
 * The pictures at `indices` as one new tensor; checks the values of float32 data on the way.
 *
 * @param indices - Positions in `images`; left out, all of them in order.
 */
export function gatherImages(caller: string, images: ImageArray, indices?: ArrayLike<number>): Tensor4D {
  const [count, height, width, channels] = images.shape;
  const size = imageSize(images);
  const number = indices?.length ?? count;
  const values = new Float32Array(number * size);
  if (isBytes(images.data)) {
    for (let row = 0, to = 0; row < number; row++) {
      const from = (indices ? indices[row]! : row) * size;
      for (let i = 0; i < size; i++) values[to++] = unitOfByte[images.data[from + i]!]!;
    }
  } else {
    for (let row = 0; row < number; row++) {
      const from = (indices ? indices[row]! : row) * size;
      values.set(images.data.subarray(from, from + size), row * size);
    }
    checkImageRange(caller, 'images', values);
  }
  return markInRange(tensor4d(values, [number, height, width, channels]));
}

/**
 * Pictures as a float32 tensor in [0, 1].
 *
 * @param images - Bytes (0-255) are divided by 255; float32 values must be in [0, 1]. A tensor is taken as it is:
 *   its values lie on the device, where {@link checkImageValues} checks them.
 * @returns Tensor of shape `[count, height, width, channels]`, always a new one. Caller disposes it.
 * @throws {@link ShapeError} when the data do not fit the shape, or a tensor is not float32 of rank 4.
 * @throws {@link ValueRangeError} when float32 values are NaN or outside [0, 1]; the text says which mistake it
 *   looks like.
 * @example
 * const images = imagesToTensor({ data: new Uint8Array(4 * 32 * 32 * 3), shape: [4, 32, 32, 3] });
 */
export function imagesToTensor(images: ImageArrayLike | Tensor4D): Tensor4D {
  if (isTensor(images)) {
    checkImageTensor('imagesToTensor', 'images', images);
    return images.clone();
  }
  checkImageArray('imagesToTensor', 'images', images);
  return gatherImages('imagesToTensor', images);
}
