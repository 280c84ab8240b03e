import { tensor4d } from '@tensorflow/tfjs-core';
import { type BlurPadding, gaussianBlur } from 'simclr-ts/augmentations';
import { InvalidOptionError, ShapeError } from 'simclr-ts/errors';
import { randomGenerator } from 'simclr-ts/random';
import { describe, expect, it } from 'vitest';
import tensorflow from '../fixtures/augmentations/tensorflow.json' with { type: 'json' };
import torchvision from '../fixtures/augmentations/torchvision.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { byPicture, pictures } from './pictures.js';

const tolerance = { absolute: 2e-6 };

describe('gaussianBlur', () => {
  it.each(torchvision.blurs.map(({ kernelSize, sigma, values }) => [kernelSize, sigma, values] as const))(
    'kernel %j: as torchvision',
    async (kernelSize, sigma, values) => {
      const images = pictures('blur', 2, 11, 8);
      const result = await expectTensors(1, () =>
        gaussianBlur({ kernelSize }).apply(images, { sigma: Float32Array.from(sigma) }),
      );
      expect(result.shape).toEqual(images.shape);
      expectClose(await result.data(), values, tolerance);
    },
  );

  it('with zeros beyond the border: as Google', async () => {
    const images = pictures('blur', 2, 11, 8);
    const { kernelSize, sigma, values } = tensorflow.blur;
    const result = await expectTensors(1, () =>
      gaussianBlur({ kernelSize, padding: 'zero' }).apply(images, { sigma: Float32Array.from(sigma) }),
    );
    expectClose(await result.data(), values, tolerance);
  });

  it('takes a kernel of a tenth of the height, made odd', async () => {
    for (const [height, kernelSize] of [
      [9, 1],
      [32, 3],
      [44, 5],
    ] as const) {
      const images = pictures('blur', 1, height, 7, 1);
      const parameters = { sigma: new Float32Array([1.5]) };
      expect(await gaussianBlur().apply(images, parameters).data()).toEqual(
        await gaussianBlur({ kernelSize }).apply(images, parameters).data(),
      );
    }
  });

  it('keeps constant pictures, and the pictures apart', async () => {
    const images = tensor4d(
      [...new Float32Array(48).fill(0.25), ...new Float32Array(48).fill(1)],
      [2, 4, 4, 3],
    );
    const [first, second] = await byPicture(
      gaussianBlur({ kernelSize: 5 }).apply(images, { sigma: new Float32Array([2, 0.5]) }),
    );
    expectClose(first!, new Float32Array(48).fill(0.25), tolerance);
    expectClose(second!, new Float32Array(48).fill(1), tolerance);
  });

  it('is the identity for a deviation of nothing', async () => {
    const images = pictures('blur', 1, 5, 5);
    const result = gaussianBlur({ kernelSize: 3 }).apply(images, { sigma: new Float32Array([0.01]) });
    expectClose(await result.data(), await images.data(), { absolute: 1e-7 });
  });

  it('runs long kernels', async () => {
    const images = tensor4d(new Float32Array(40 * 40).fill(0.5), [1, 40, 40, 1]);
    const result = gaussianBlur({ kernelSize: 31 }).apply(images, { sigma: new Float32Array([9]) });
    expectClose(await result.data(), await images.data(), tolerance);
  });

  it('draws deviations uniformly', () => {
    const { sigma } = gaussianBlur({ sigma: [0.5, 1.5] }).sample(2000, randomGenerator(2));
    expect(Math.min(...sigma)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...sigma)).toBeLessThanOrEqual(1.5);
    expect(sigma.reduce((sum, value) => sum + value, 0) / 2000).toBeCloseTo(1, 1);
  });

  it('refuses options and parameters outside their domain', () => {
    expect(() => gaussianBlur({ kernelSize: 4 })).toThrow(
      'gaussianBlur: kernelSize must be an odd integer >= 1. Received: kernelSize=4.',
    );
    expect(() => gaussianBlur({ sigma: [0, 2] })).toThrow('gaussianBlur: sigma[0] must be');
    expect(() => gaussianBlur({ sigma: [2, 1] })).toThrow(InvalidOptionError);
    expect(() => gaussianBlur({ padding: 'same' as BlurPadding })).toThrow('padding must be one of');
    expect(() => gaussianBlur().sample(0, randomGenerator(0))).toThrow(InvalidOptionError);
    const images = pictures('blur', 2, 4, 4);
    expect(() => gaussianBlur().apply(images, { sigma: new Float32Array(3) })).toThrow(ShapeError);
    expect(() => gaussianBlur({ kernelSize: 9 }).apply(images, { sigma: new Float32Array([1, 1]) })).toThrow(
      'gaussianBlur: images must be larger than half the kernel (4 pixels) to be mirrored.',
    );
  });
});
