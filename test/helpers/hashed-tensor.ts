import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { hashedValues } from './hashed-values.js';

/** A tensor of {@link hashedValues}. */
export function hashedTensor(name: string, shape: number[]): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  return tensor(hashedValues(name, length), shape);
}
