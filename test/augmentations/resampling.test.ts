import { reshape, tensor4d } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import {
  type CropParameters,
  centerCrop,
  type ImageSize,
  type Interpolation,
  randomHorizontalFlip,
  randomResizedCrop,
  resize,
} from 'simclr-ts/augmentations';
import { InvalidOptionError, ShapeError } from 'simclr-ts/errors';
import { randomGenerator } from 'simclr-ts/random';
import { describe, expect, it } from 'vitest';
import tensorflow from '../fixtures/augmentations/tensorflow.json' with { type: 'json' };
import torchvision from '../fixtures/augmentations/torchvision.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { byPicture, pictures } from './pictures.js';

const tolerance = { absolute: 2e-6 };
const asSize = (size: readonly number[]) => size as unknown as ImageSize;

describe('randomResizedCrop', () => {
  const parameters: CropParameters = {
    boxes: Int32Array.from(torchvision.boxes.flat()),
    imageSize: [17, 20],
  };

  it.each(
    torchvision.crops.map((crop) => [crop.interpolation, crop.antialias, crop.size, crop.values] as const),
  )('%s, antialias %j, to %j: as PyTorch', async (interpolation, antialias, size, values) => {
    const images = pictures('crop', 3, 17, 20);
    const crop = randomResizedCrop({
      size: asSize(size),
      interpolation: interpolation as Interpolation,
      antialias,
    });
    const result = await expectTensors(1, () => crop.apply(images, parameters));
    expect(result.shape).toEqual([3, size[0], size[1], 3]);
    expectClose(await result.data(), values, tolerance);
  });

  it('cuts the same fractions out of pictures of another size', async () => {
    // Every pixel of the larger picture doubled: a box of even fractions is the same box.
    const small = pictures('small', 1, 8, 8);
    const doubled = new Float32Array(16 * 16 * 3);
    const values = await small.data();
    for (let i = 0; i < doubled.length; i++) {
      const pixel = Math.floor(i / 3);
      const row = Math.floor(Math.floor(pixel / 16) / 2);
      doubled[i] = values[(row * 8 + Math.floor((pixel % 16) / 2)) * 3 + (i % 3)]!;
    }
    const crop = randomResizedCrop({ size: [3, 2] });
    const box: CropParameters = { boxes: new Int32Array([1, 2, 6, 4]), imageSize: [8, 8] };
    const fromLarge = crop.apply(tensor4d(doubled, [1, 16, 16, 3]), box);
    const scaled: CropParameters = { boxes: new Int32Array([2, 4, 12, 8]), imageSize: [16, 16] };
    const direct = crop.apply(tensor4d(doubled, [1, 16, 16, 3]), scaled);
    expectClose(await fromLarge.data(), await direct.data(), tolerance);
    // Boxes between pixels stay inside the picture.
    const between = crop.apply(small, { boxes: new Int32Array([0, 3, 7, 4]), imageSize: [7, 7] });
    expect((await between.data()).every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('any box of a constant picture is constant, also bicubically', async () => {
    const images = tensor4d(new Float32Array(2 * 9 * 11 * 3).fill(0.25), [2, 9, 11, 3]);
    for (const interpolation of ['bilinear', 'bicubic'] as const) {
      for (const antialias of [true, false]) {
        const crop = randomResizedCrop({ size: [5, 13], interpolation, antialias });
        const values = await crop.apply(images, crop.sample(2, randomGenerator(1), [9, 11])).data();
        expectClose(values, new Float32Array(values.length).fill(0.25), tolerance);
      }
    }
  });

  it('draws boxes inside the picture, with the documented areas and shapes', () => {
    const [height, width] = [96, 120];
    const batch = 3000;
    const { boxes, imageSize } = randomResizedCrop({ size: 32 }).sample(batch, randomGenerator(7), [
      height,
      width,
    ]);
    expect(imageSize).toEqual([height, width]);
    let area = 0;
    let logRatio = 0;
    let wide = 0;
    for (let row = 0; row < batch; row++) {
      const [top, left, boxHeight, boxWidth] = boxes.subarray(row * 4, row * 4 + 4) as unknown as [
        number,
        number,
        number,
        number,
      ];
      expect(top >= 0 && left >= 0 && top + boxHeight <= height && left + boxWidth <= width).toBe(true);
      const share = (boxHeight * boxWidth) / (height * width);
      expect(share).toBeGreaterThan(0.075);
      const ratio = boxWidth / boxHeight;
      expect(ratio > 0.72 && ratio < 1.39).toBe(true); // rounding to pixels included
      area += share;
      logRatio += Math.log(ratio);
      wide += ratio > 1 ? 1 : 0;
    }
    // Boxes that do not fit are drawn again, so large ones are rarer than uniform: below 0.54.
    expect(area / batch).toBeGreaterThan(0.45);
    expect(area / batch).toBeLessThan(0.54);
    expect(logRatio / batch).toBeGreaterThan(0); // the picture is wide
    expect(wide / batch).toBeGreaterThan(0.5);
  });

  it('draws areas uniformly and ratios log-uniformly where every box fits', () => {
    const batch = 4000;
    const { boxes } = randomResizedCrop({ size: 8, scale: [0.1, 0.5] }).sample(
      batch,
      randomGenerator(11),
      [1000, 1000],
    );
    const areas = Float64Array.from(
      { length: batch },
      (_, i) => (boxes[i * 4 + 2]! * boxes[i * 4 + 3]!) / 1e6,
    );
    const logs = Float64Array.from({ length: batch }, (_, i) =>
      Math.log(boxes[i * 4 + 3]! / boxes[i * 4 + 2]!),
    );
    const moments = (values: Float64Array) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / batch;
      return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / batch] as const;
    };
    expect(moments(areas)[0]).toBeCloseTo(0.3, 2);
    expect(moments(areas)[1] / (0.4 ** 2 / 12)).toBeCloseTo(1, 1);
    expect(Math.abs(moments(logs)[0])).toBeLessThan(0.01);
    expect(moments(logs)[1] / ((2 * Math.log(4 / 3)) ** 2 / 12)).toBeCloseTo(1, 1);
    const tops = Float64Array.from({ length: batch }, (_, i) => boxes[i * 4]! / (1000 - boxes[i * 4 + 2]!));
    expect(moments(tops)[0]).toBeCloseTo(0.5, 1);
    expect(moments(tops)[1] * 12).toBeCloseTo(1, 1);
  });

  it.each(torchvision.fallbacks.map(({ imageSize, box }) => [imageSize, box] as const))(
    'falls back to the central box of torchvision in a picture of %j',
    (imageSize, box) => {
      const crop = randomResizedCrop({ size: 8, attempts: 0 });
      expect([...crop.sample(1, randomGenerator(0), asSize(imageSize)).boxes]).toEqual(box);
    },
  );

  it('falls back in an extreme picture that no box fits', () => {
    const crop = randomResizedCrop({ size: 8, scale: [0.9, 1] });
    expect([...crop.sample(1, randomGenerator(0), [10, 100]).boxes]).toEqual([0, 43, 10, 13]);
  });

  it('takes pictures to have the output size unless told', () => {
    const crop = randomResizedCrop({ size: [12, 20] });
    expect(crop.sample(1, randomGenerator(0)).imageSize).toEqual([12, 20]);
    expect(crop.outputSize?.([50, 60])).toEqual([12, 20]);
  });

  it('refuses options and parameters outside their domain', () => {
    expect(() => randomResizedCrop({ size: 0 })).toThrow(
      'randomResizedCrop: size must be an integer >= 1 or a pair [height, width] of them. Received: size=0.',
    );
    expect(() => randomResizedCrop({ size: [4, 2.5] })).toThrow(InvalidOptionError);
    expect(() => randomResizedCrop({ size: 8, scale: [0.5, 0.2] })).toThrow(
      'randomResizedCrop: scale must be',
    );
    expect(() => randomResizedCrop({ size: 8, aspectRatio: [0, 1] })).toThrow('aspectRatio[0] must be');
    expect(() => randomResizedCrop({ size: 8, aspectRatio: [2, 1] })).toThrow('aspectRatio must be');
    expect(() => randomResizedCrop({ size: 8, interpolation: 'area' as Interpolation })).toThrow(
      'interpolation must be one of',
    );
    expect(() => randomResizedCrop({ size: 8, attempts: -1 })).toThrow('attempts must be');
    expect(() => randomResizedCrop({ size: 8 }).sample(0, randomGenerator(0))).toThrow('batchSize must be');
    const images = pictures('crop', 2, 17, 20);
    expect(() => randomResizedCrop({ size: 8 }).apply(images, parameters)).toThrow(ShapeError);
    expect(() => randomResizedCrop({ size: 8 }).apply(reshape(images, [-1]) as never, parameters)).toThrow(
      ShapeError,
    );
  });
});

describe('resize', () => {
  it('enlarges bicubically as TensorFlow too', async () => {
    const images = pictures('blur', 2, 11, 8);
    const result = await expectTensors(1, () =>
      resize({ size: [17, 13], interpolation: 'bicubic' }).apply(images, null),
    );
    expectClose(await result.data(), tensorflow.bicubic, { absolute: 1e-3 }); // TensorFlow rounds positions to 1/1024 pixel
  });

  it.each(['bilinear', 'bicubic'] as const)('%s: is the crop of the whole picture', async (interpolation) => {
    const images = pictures('crop', 3, 17, 20);
    const boxes = new Int32Array([0, 0, 17, 20, 0, 0, 17, 20, 0, 0, 17, 20]);
    const whole = randomResizedCrop({ size: [6, 25], interpolation }).apply(images, {
      boxes,
      imageSize: [17, 20],
    });
    const resized = resize({ size: [6, 25], interpolation }).apply(images, null);
    expect(await resized.data()).toEqual(await whole.data());
  });

  it('to the same size changes nothing, one number gives a square', async () => {
    const images = pictures('crop', 1, 7, 9);
    expect(
      await resize({ size: [7, 9], interpolation: 'bicubic' })
        .apply(images, null)
        .data(),
    ).toEqual(await images.data());
    expect(resize({ size: 5 }).apply(images, null).shape).toEqual([1, 5, 5, 3]);
    expect(resize({ size: 5 }).outputSize?.([7, 9])).toEqual([5, 5]);
  });

  it('refuses wrong options and images', () => {
    expect(() => resize({ size: -1 })).toThrow(InvalidOptionError);
    expect(() => resize({ size: 4, interpolation: 'area' as Interpolation })).toThrow(InvalidOptionError);
    expect(() =>
      resize({ size: 4 }).apply(reshape(pictures('x', 1, 2, 2), [2, 2, 3]) as never, null),
    ).toThrow(
      'resize: images must have shape [batch, height, width, channels] (rank 4). Received: images=[2,2,3] (rank 3).',
    );
  });
});

describe('centerCrop', () => {
  it.each(torchvision.centerCrops.map(({ imageSize, size, values }) => [imageSize, size, values] as const))(
    '%j to %j: as torchvision',
    async (imageSize, size, values) => {
      const [height, width] = asSize(imageSize);
      const images = tensor4d(
        Float32Array.from({ length: height * width }, (_, i) => i + 1),
        [1, height, width, 1],
      );
      const result = await expectTensors(1, () => centerCrop({ size: asSize(size) }).apply(images, null));
      expect(result.shape).toEqual([1, ...size, 1]);
      expect([...(await result.data())]).toEqual(values);
    },
  );

  it('refuses a wrong size', () => {
    expect(() => centerCrop({ size: [1, 2, 3] as never })).toThrow(InvalidOptionError);
  });
});

describe('randomHorizontalFlip', () => {
  it('mirrors the selected pictures and only moves pixels', async () => {
    const images = tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 2, 3, 1]);
    const result = await expectTensors(1, () =>
      randomHorizontalFlip().apply(images, { selected: new Uint8Array([1, 0]) }),
    );
    expect([...(await result.data())]).toEqual([3, 2, 1, 6, 5, 4, 7, 8, 9, 10, 11, 12]);
  });

  it('twice is once nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 3, maxLength: 3 }),
        async (height, width, selected) => {
          const images = pictures('flip', 3, height, width);
          const flip = randomHorizontalFlip();
          const parameters = { selected: Uint8Array.from(selected) };
          const once = flip.apply(images, parameters);
          expect(await byPicture(flip.apply(once, parameters))).toEqual(await byPicture(images));
        },
      ),
      { numRuns: 25 },
    );
  });

  it('refuses a wrong probability, batch size and selection', () => {
    expect(() => randomHorizontalFlip({ probability: -0.5 })).toThrow(InvalidOptionError);
    expect(() => randomHorizontalFlip().sample(-1, randomGenerator(0))).toThrow(InvalidOptionError);
    expect(() =>
      randomHorizontalFlip().apply(pictures('x', 2, 2, 2), { selected: new Uint8Array(3) }),
    ).toThrow('randomHorizontalFlip: selected must hold 1 number per picture, 2 in all.');
  });
});
