import { type Tensor, type Tensor4D, tensor } from '@tensorflow/tfjs-core';
import type { TorchvisionWeight } from '../../src/models/index.js';
import { hashedValues } from '../helpers/hashed-values.js';

/** A tensor of hashed values, times `scale`, plus `offset`. */
export function filled<T extends Tensor>(name: string, shape: number[], scale = 1, offset = 0): T {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    hashedValues(name, size).map((value) => value * scale + offset),
    shape,
  ) as T;
}

/** Two pictures in [0, 1], as the fixtures' script makes them. */
export function pictures(size: number): Tensor4D {
  return filled(`pictures${size}`, [2, size, size, 3], 0.5, 0.5);
}

/** The values that the fixtures' script gives to a weight of a ResNet. */
export function hashedWeight({ name, shape }: TorchvisionWeight): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = hashedValues(name, size);
  if (shape.length === 4) {
    const scale = Math.sqrt(6 / (size / shape[0]!));
    return values.map((value) => value * scale);
  }
  if (name.endsWith('running_var')) return values.map((value) => 1 + 0.5 * value);
  if (name.endsWith('weight')) return values.map((value) => 1 + 0.1 * value);
  return values.map((value) => 0.1 * value);
}
