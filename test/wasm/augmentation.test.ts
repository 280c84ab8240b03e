import {
  fill,
  getBackend,
  grad,
  setBackend,
  sum,
  type Tensor,
  type Tensor4D,
  tensor4d,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import {
  augment,
  centerCrop,
  colorJitter,
  type DescribedTransform,
  gaussianBlur,
  randomApply,
  randomGenerator,
  randomGrayscale,
  randomHorizontalFlip,
  randomResizedCrop,
  resize,
  simclrAugmentation,
} from 'simclr-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { onBoth } from './backends.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

type Shape = [number, number, number, number];

const toUnit = (value: number) => (value + 1) / 2;

/** Values in [0, 1], with black, white, gray and full colors among them. */
function pictures(shape: Shape): Tensor4D {
  const length = shape.reduce((product, side) => product * side, 1);
  const values = hashedValues('pictures', length).map(toUnit);
  for (const [index, value] of values.entries()) {
    const pixel = Math.floor(index / shape[3]);
    if (pixel % 7 === 0) values[index] = pixel % 2;
    else if (pixel % 11 === 0) values[index] = Math.round(value);
  }
  return tensor4d(values, shape);
}

const sizes = fc.constantFrom<[number, number]>([8, 8], [9, 13], [16, 11], [23, 24]);
const size = fc.constantFrom(1, 7, 12, 32);
const interpolation = fc.constantFrom('bilinear' as const, 'bicubic' as const);
const convention = fc.constantFrom('torchvision' as const, 'tf' as const);

const transforms = fc.oneof(
  fc.record({ size, interpolation, antialias: fc.boolean() }).map((options) => randomResizedCrop(options)),
  fc.record({ size, interpolation, antialias: fc.boolean() }).map((options) => resize(options)),
  size.map((side) => centerCrop({ size: side })),
  fc.constant(randomHorizontalFlip()),
  fc
    .record({
      padding: fc.constantFrom('reflect' as const, 'zero' as const),
      kernelSize: fc.constantFrom(1, 3, 9),
    })
    .map((options) => gaussianBlur(options)),
  fc.record({ convention, strength: fc.constantFrom(0, 0.5, 1) }).map((options) => colorJitter(options)),
  convention.map((name) => randomApply(colorJitter({ convention: name }), { probability: 0.5 })),
  fc.constant(randomApply(gaussianBlur({ kernelSize: 5 }), { probability: 0.5 })),
  fc.constant(randomGrayscale({ probability: 0.5 })),
  convention.map((name) => simclrAugmentation({ size: 12, convention: name })),
) as fc.Arbitrary<DescribedTransform<unknown>>;

describe('augmentations on wasm', () => {
  it("give the cpu backend's pictures over generated transforms and shapes", async () => {
    await expectTensors(0, () =>
      fc.assert(
        fc.asyncProperty(
          transforms,
          fc.constantFrom(1, 5),
          sizes,
          fc.constantFrom(1, 3, 4),
          fc.nat(1000),
          async (transform, batch, [height, width], channels, seed) => {
            const isOfColors = /olor|gray/i.test(JSON.stringify(transform.config));
            const shape: Shape = [batch, height, width, isOfColors && channels === 4 ? 3 : channels];
            const [[expected], [actual]] = await onBoth(() =>
              augment(transform, pictures(shape), randomGenerator(seed)),
            );
            expectClose(actual!, expected!, { absolute: 2e-5 });
          },
        ),
        { numRuns: 300, seed: 3 },
      ),
    );
  });

  it('leave pictures that are not selected as they are, bit for bit', async () => {
    const values = hashedValues('x', 4 * 9 * 7 * 3).map(toUnit);
    const selected = new Uint8Array([0, 1, 0, 1]);
    const unchanged = [0, 2].map((picture) => values.slice(picture * 189, (picture + 1) * 189));
    const blur = randomApply(gaussianBlur({ kernelSize: 5 }), { probability: 0.5 });
    for (const apply of [
      (x: Tensor4D) => randomGrayscale().apply(x, { selected }),
      (x: Tensor4D) => blur.apply(x, { selected, inner: { sigma: new Float32Array([1, 1, 2, 2]) } }),
      (x: Tensor4D) =>
        colorJitter().apply(x, {
          brightness: new Float32Array([1, 0.5, 1, 2]),
          contrast: new Float32Array([1, 0.5, 1, 2]),
          saturation: new Float32Array([1, 0.5, 1, 2]),
          hue: new Float32Array([0, 0.1, 0, -0.5]),
          order: new Uint8Array([0, 1, 2, 3, 3, 2, 1, 0, 1, 3, 0, 2, 2, 0, 3, 1]),
        }),
    ]) {
      await setBackend('wasm');
      const images = tensor4d(values, [4, 9, 7, 3]);
      const result = apply(images);
      const actual = (await result.data()) as Float32Array;
      expect([0, 2].map((picture) => actual.slice(picture * 189, (picture + 1) * 189))).toEqual(unchanged);
      expect(actual.slice(189, 378)).not.toEqual(values.slice(189, 378));
      for (const tensor of [images, result]) tensor.dispose();
    }
  });

  it('keep NaN', async () => {
    const [, [actual]] = await onBoth(() => {
      const images = fill([1, 4, 4, 3], Number.NaN) as Tensor4D;
      return augment(simclrAugmentation({ size: 4 }), images, randomGenerator(2));
    });
    expect(actual!.every(Number.isNaN)).toBe(true);
  });

  it('can be differentiated', async () => {
    await setBackend('wasm');
    const transform = gaussianBlur();
    const parameters = { sigma: new Float32Array([1]) };
    const images = pictures([1, 8, 8, 3]);
    const gradient = grad((x: Tensor) => sum(transform.apply(x as Tensor4D, parameters)))(images);
    const total = [...(await gradient.data())].reduce((first, second) => first + second, 0);
    expect(total).toBeCloseTo(8 * 8 * 3, 3);
    for (const tensor of [images, gradient]) tensor.dispose();
  });
});
