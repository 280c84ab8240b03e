import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { expect } from 'vitest';
import { getTorchvisionWeights, type TorchvisionWeight } from '../../src/models/index.js';
import { expectClose } from '../helpers/close.js';
import { tidyAsync } from '../helpers/tidy-async.js';
import { backendTolerance } from '../helpers/tolerance.js';
import { pictures } from './fill.js';

/** A sample of a representation: every so many values, and the norm of all. */
export interface Representation {
  every: number;
  values: number[];
  norm: number;
}

/** Asserts that `h` is the representation of a fixture. */
export async function expectRepresentation(
  h: Tensor,
  { every, values, norm }: Representation,
  float32Error = 0,
): Promise<void> {
  const relative = Math.max(1e-4, 2 * float32Error);
  const data = await h.data<'float32'>();
  const dim = h.shape[1]!;
  // h is compared with its own largest value, of which the fixture holds a sample.
  const absolute = relative * data.reduce((largest, value) => Math.max(largest, value), 0);
  const sample = data.filter((_, index) => (index % dim) % every === 0);
  expectClose(sample, values, { absolute });
  const actual = Math.sqrt(data.reduce((total, value) => total + value * value, 0));
  expect(Math.abs(actual / norm - 1)).toBeLessThan(Math.max(relative, backendTolerance()));
}

/** Asserts that a weight's gradient, in this library's layout, is that of a fixture. */
export async function expectGradient(
  gradient: Tensor,
  { name, shape }: TorchvisionWeight,
  expected: { values: number[]; norm: number; float32Error: number },
): Promise<void> {
  const values = await gradient.data<'float32'>();
  const norm = Math.sqrt(values.reduce((total, value) => total + value * value, 0));
  // Batch statistics of few values amplify rounding: a ResNet-50's by more than 1e-3, in PyTorch too.
  const tolerance = Math.max(1e-3, 2 * expected.float32Error);
  expect(Math.abs(norm / expected.norm - 1), name).toBeLessThan(tolerance);
  // Of a kernel, the first values in PyTorch's order lie at its first outputs and inputs.
  const [outputs, inputs, height, width] = shape as [number, number, number, number];
  const pixels = height * width;
  const first = expected.values.map((_, index) => {
    if (shape.length !== 4) return values[index]!;
    const pixel = index % pixels;
    const input = Math.floor(index / pixels) % inputs;
    const output = Math.floor(index / (pixels * inputs));
    return values[(pixel * inputs + input) * outputs + output]!;
  });
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expectClose(first, expected.values, { absolute: tolerance * largest });
}

/** Number of trained parameters. */
export function parametersOf(model: LayersModel): number {
  return model.trainableWeights.reduce(
    (total, { shape }) => total + (shape as number[]).reduce((size, length) => size * length, 1),
    0,
  );
}

/** What torchvision's network gives for the pictures of a fixture. */
interface NetworkCase {
  size: number;
  parameters: number;
  inference: Representation;
  training?: Representation;
  float32Error?: number;
  /** The first running statistics after the pass in training, by name. */
  running?: Record<string, number[]>;
}

/** Asserts that a network with hashed weights is torchvision's, in inference and, if the fixture has it, in training. */
export async function expectTorchvision(model: LayersModel, item: NetworkCase): Promise<void> {
  expect(parametersOf(model)).toBe(item.parameters);
  const x = pictures(item.size);
  await tidyAsync(async () => await expectRepresentation(model.predict(x) as Tensor, item.inference));
  const { training } = item;
  if (training) {
    await tidyAsync(
      async () =>
        await expectRepresentation(model.apply(x, { training: true }) as Tensor, training, item.float32Error),
    );
    const weights = await getTorchvisionWeights(model);
    for (const [name, values] of Object.entries(item.running!)) {
      expectClose(weights.get(name)!.slice(0, 16), values, { absolute: 1e-5, relative: 1e-4 });
    }
  }
  x.dispose();
}
