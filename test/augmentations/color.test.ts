import type { Tensor4D } from '@tensorflow/tfjs-core';
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  type ColorConvention,
  type ColorJitterParameters,
  colorJitter,
  grayscale,
  randomGrayscale,
  solarize,
} from 'simclr-ts/augmentations';
import { InvalidOptionError, ShapeError } from 'simclr-ts/errors';
import { randomGenerator } from 'simclr-ts/random';
import { describe, expect, it } from 'vitest';
import gray from '../fixtures/augmentations/gray.json' with { type: 'json' };
import tensorflow from '../fixtures/augmentations/tensorflow.json' with { type: 'json' };
import torchvision from '../fixtures/augmentations/torchvision.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { byPicture, coloredPictures, pictures } from './pictures.js';

// Both sides are float32, and a jitter enlarges the rounding of its first steps in its last ones.
const tolerance = { absolute: 5e-6 };

async function expectColors(
  change: (images: Tensor4D) => Tensor4D,
  expected: readonly number[],
): Promise<void> {
  const images = coloredPictures();
  const before = (await images.data()).slice();
  const result = await expectTensors(1, () => change(images));
  expect(result.shape).toEqual(images.shape);
  expectClose(await result.data(), expected, tolerance);
  expectClose(await images.data(), before, {});
  result.dispose();
  images.dispose();
}

describe('single color operations', () => {
  const factors = {
    brightness: Float32Array.from(torchvision.factors.brightness),
    contrast: Float32Array.from(torchvision.factors.contrast),
    saturation: Float32Array.from(torchvision.factors.saturation),
  };
  const turns = Float32Array.from(torchvision.turns);

  it.each([
    ['brightness', (images: Tensor4D) => adjustBrightness(images, factors.brightness)],
    ['contrast', (images: Tensor4D) => adjustContrast(images, factors.contrast)],
    ['saturation', (images: Tensor4D) => adjustSaturation(images, factors.saturation)],
    ['hue', (images: Tensor4D) => adjustHue(images, turns)],
    ['grayscale', grayscale],
    ['solarize', (images: Tensor4D) => solarize().apply(images, null)],
  ] as const)('%s as torchvision', async (name, change) => await expectColors(change, torchvision[name]));

  it.each([
    ['contrast', (images: Tensor4D) => adjustContrast(images, factors.contrast, 'tf')],
    ['saturation', (images: Tensor4D) => adjustSaturation(images, factors.saturation, 'tf')],
    ['hue', (images: Tensor4D) => adjustHue(images, turns, 'tf')],
  ] as const)('%s as TensorFlow', async (name, change) => await expectColors(change, tensorflow[name]));

  it('grayscale has three equal channels, bit for bit', async () => {
    const images = coloredPictures();
    const gray = await grayscale(images).data();
    for (let pixel = 0; pixel < gray.length; pixel += 3) {
      expect(gray[pixel + 1]).toBe(gray[pixel]);
      expect(gray[pixel + 2]).toBe(gray[pixel]);
    }
  });

  it('hue: a whole turn and no turn are the same', async () => {
    const images = coloredPictures();
    expectClose(await adjustHue(images, new Float32Array([1, -1, 2])).data(), await images.data(), tolerance);
  });

  it('refuses wrong images, factors and convention', () => {
    const images = coloredPictures();
    const two = pictures('gray', 3, 4, 4, 2);
    const ones = new Float32Array([1, 1, 1]);
    expect(() => adjustContrast(two, ones)).toThrow(ShapeError);
    expect(() => adjustContrast(two, ones)).toThrow(
      'adjustContrast: images must have 3 channels (red, green, blue) or 1 (gray).',
    );
    expect(() => grayscale(two)).toThrow('grayscale: images must have 3 channels');
    expect(() => adjustHue(images, new Float32Array(2))).toThrow(
      'adjustHue: turns must hold 1 number per picture, 3 in all. Received: turns of length 2.',
    );
    expect(() => adjustBrightness(images, new Float32Array([1, -1, 1]))).toThrow(InvalidOptionError);
    expect(() => adjustBrightness(images, new Float32Array([1, -1, 1]))).toThrow(
      'adjustBrightness: factors must be finite and >= 0. Received: factors[1]=-1.',
    );
    expect(() => adjustHue(images, new Float32Array([1, 1, Number.NaN]))).toThrow(
      'adjustHue: turns must be finite. Received: turns[2]=NaN.',
    );
    expect(() => adjustSaturation(images, ones, 'pil' as ColorConvention)).toThrow(
      'adjustSaturation: convention must be one of "torchvision", "tf". Received: convention="pil".',
    );
  });
});

describe('colorJitter', () => {
  function parametersFor(
    fixture: { factors: Record<'brightness' | 'contrast' | 'saturation', number[]>; turns: number[] },
    orders: readonly (readonly number[])[],
  ): ColorJitterParameters {
    return {
      brightness: Float32Array.from(fixture.factors.brightness),
      contrast: Float32Array.from(fixture.factors.contrast),
      saturation: Float32Array.from(fixture.factors.saturation),
      hue: Float32Array.from(fixture.turns),
      order: Uint8Array.from(orders.flat()),
    };
  }

  it.each(torchvision.jitters.map(({ orders, values }) => [orders, values] as const))(
    'torchvision, pictures in orders %j',
    async (orders, values) =>
      await expectColors((images) => colorJitter().apply(images, parametersFor(torchvision, orders)), values),
  );

  it.each(tensorflow.jitters.map(({ orders, values }) => [orders, values] as const))(
    'TensorFlow, pictures in orders %j',
    async (orders, values) =>
      await expectColors(
        (images) => colorJitter({ convention: 'tf' }).apply(images, parametersFor(tensorflow, orders)),
        values,
      ),
  );

  it('changes nothing where all options are 0, bit for bit', async () => {
    const images = coloredPictures();
    const jitter = colorJitter({ strength: 0 });
    const result = await expectTensors(1, () => jitter.apply(images, jitter.sample(3, randomGenerator(1))));
    expect(await result.data()).toEqual(await images.data());
  });

  it.each(['torchvision', 'tf'] as const)('%s: stays in [0, 1]', async (convention) => {
    const images = coloredPictures();
    const jitter = colorJitter({ convention, strength: 2.5 });
    for (let seed = 0; seed < 5; seed++) {
      const values = await jitter.apply(images, jitter.sample(3, randomGenerator(seed))).data();
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...values)).toBeLessThanOrEqual(1);
    }
  });

  it('draws from its documented ranges, in every order', () => {
    const batch = 4000;
    const { brightness, contrast, saturation, hue, order } = colorJitter({
      brightness: 0.4,
      contrast: 2,
      saturation: 0.5,
      hue: 0.1,
    }).sample(batch, randomGenerator(3));
    const expectUniform = (values: Float32Array, low: number, high: number) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / batch;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / batch;
      expect(Math.min(...values)).toBeGreaterThanOrEqual(Math.fround(low));
      expect(Math.max(...values)).toBeLessThanOrEqual(Math.fround(high));
      expect(Math.abs(mean - (low + high) / 2) / (high - low)).toBeLessThan(0.02);
      expect(variance / ((high - low) ** 2 / 12)).toBeCloseTo(1, 1);
    };
    expectUniform(brightness, 0.6, 1.4);
    expectUniform(contrast, 0, 3); // never below 0
    expectUniform(saturation, 0.5, 1.5);
    expectUniform(hue, -0.1, 0.1);
    const counts = new Map<string, number>();
    for (let row = 0; row < batch; row++) {
      const key = order.subarray(row * 4, row * 4 + 4).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(Math.min(...counts.values())).toBeGreaterThan((batch / 24) * 0.7);
  });

  it('refuses options and parameters outside their domain', () => {
    expect(() => colorJitter({ brightness: -1 })).toThrow(
      'colorJitter: brightness must be a finite number >= 0. Received: brightness=-1.',
    );
    expect(() => colorJitter({ contrast: Number.NaN })).toThrow(InvalidOptionError);
    expect(() => colorJitter({ saturation: -0.1 })).toThrow(InvalidOptionError);
    expect(() => colorJitter({ strength: -1 })).toThrow(InvalidOptionError);
    expect(() => colorJitter({ hue: 0.3, strength: 2 })).toThrow('colorJitter: strength * hue must be');
    expect(() => colorJitter({ convention: 'pil' as ColorConvention })).toThrow(InvalidOptionError);
    expect(() => colorJitter().sample(0, randomGenerator(0))).toThrow(
      'colorJitter: batchSize must be an integer >= 1. Received: batchSize=0.',
    );
    const images = coloredPictures();
    const parameters = colorJitter().sample(3, randomGenerator(0));
    expect(() => colorJitter().apply(images, { ...parameters, order: new Uint8Array(3) })).toThrow(
      'colorJitter: order must hold 4 numbers per picture, 12 in all. Received: order of length 3.',
    );
    expect(() => colorJitter().apply(images, { ...parameters, hue: new Float32Array(2) })).toThrow(
      ShapeError,
    );
  });
});

describe('randomGrayscale', () => {
  it('takes the colors of the selected pictures and leaves the others bit for bit', async () => {
    const images = coloredPictures();
    const selected = new Uint8Array([0, 1, 0]);
    const result = await expectTensors(1, () => randomGrayscale().apply(images, { selected }));
    const [first, second, third] = await byPicture(result);
    const originals = await byPicture(images);
    expect(first).toEqual(originals[0]);
    expect(third).toEqual(originals[2]);
    expectClose(second!, torchvision.grayscale.slice(90, 180), tolerance);
  });

  it('selects with its probability', () => {
    const { selected } = randomGrayscale().sample(4000, randomGenerator(5));
    expect(selected.reduce((sum, value) => sum + value, 0) / 4000).toBeCloseTo(0.2, 1);
    expect(randomGrayscale({ probability: 0 }).sample(50, randomGenerator(5)).selected).not.toContain(1);
    expect(randomGrayscale({ probability: 1 }).sample(50, randomGenerator(5)).selected).not.toContain(0);
  });

  it('refuses a wrong probability, batch size and selection', () => {
    expect(() => randomGrayscale({ probability: 2 })).toThrow(
      'randomGrayscale: probability must be a number from 0 to 1. Received: probability=2.',
    );
    expect(() => randomGrayscale().sample(1.5, randomGenerator(0))).toThrow(InvalidOptionError);
    const images = coloredPictures();
    expect(() => randomGrayscale().apply(images, { selected: new Uint8Array(2) })).toThrow(ShapeError);
  });
});

describe('gray pictures of one channel', () => {
  const factors = (name: 'brightness' | 'contrast' | 'saturation') => Float32Array.from(gray.factors[name]);
  const turns = Float32Array.from(gray.turns);
  const grayPictures = () => pictures('gray', 3, 5, 6, 1);

  it.each([
    ['brightness', (images: Tensor4D) => adjustBrightness(images, factors('brightness'))],
    ['contrast', (images: Tensor4D) => adjustContrast(images, factors('contrast'))],
    ['saturation', (images: Tensor4D) => adjustSaturation(images, factors('saturation'))],
    ['hue', (images: Tensor4D) => adjustHue(images, turns)],
    ['grayscale', grayscale],
    [
      'grayscale',
      (images: Tensor4D) => randomGrayscale().apply(images, { selected: Uint8Array.of(1, 1, 1) }),
    ],
  ] as const)('%s as torchvision', async (name, change) => {
    const images = grayPictures();
    const result = await expectTensors(1, () => change(images));
    expect(result.shape).toEqual([3, 5, 6, 1]);
    expectClose(await result.data(), gray[name], tolerance);
    if (name !== 'brightness' && name !== 'contrast')
      expect(await result.data()).toEqual(await images.data());
  });

  it.each(gray.jitters.map(({ orders, values }) => [orders, values] as const))(
    'jittered as by torchvision, in orders %j',
    async (orders, values) => {
      const parameters = {
        brightness: factors('brightness'),
        contrast: factors('contrast'),
        saturation: factors('saturation'),
        hue: turns,
        order: Uint8Array.from(orders.flat()),
      };
      const images = grayPictures();
      for (const convention of ['torchvision', 'tf'] as const) {
        // One channel has one average, whose definition both share.
        const result = await expectTensors(1, () => colorJitter({ convention }).apply(images, parameters));
        expectClose(await result.data(), values, tolerance);
        result.dispose();
      }
    },
  );
});

describe('solarize', () => {
  it('refuses a threshold outside [0, 1]', () => {
    expect(() => solarize({ threshold: 128 })).toThrow(InvalidOptionError);
  });
});
