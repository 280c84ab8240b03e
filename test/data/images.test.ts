import { fill, memory, scalar, type Tensor4D, tensor4d, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  checkImageValues,
  concatenateImages,
  type ImageArray,
  imagesToTensor,
  type LabeledImages,
  selectImages,
  splitImages,
} from '../../src/data/index.js';
import {
  DataError,
  InvalidOptionError,
  ShapeError,
  SimCLRError,
  ValueRangeError,
} from '../../src/errors/index.js';
import { expectTensors } from '../helpers/leaks.js';
import { formulaPictures } from './fixture-files.js';

const floats = (values: number[]): ImageArray => ({
  data: Float32Array.from(values),
  shape: [1, 1, values.length, 1],
});

describe('imagesToTensor', () => {
  it('divides bytes by 255, each to the nearest float32', async () => {
    const data = Uint8Array.from({ length: 256 }, (_, i) => i);
    await expectTensors(0, async () => {
      const images = imagesToTensor({ data, shape: [1, 16, 16, 1] });
      expect(images.shape).toEqual([1, 16, 16, 1]);
      expect(images.dtype).toBe('float32');
      const values = await images.data();
      expect(Array.from(values)).toEqual(Array.from(data, (byte) => Math.fround(byte / 255)));
      images.dispose();
    });
  });

  it('takes float32 in [0, 1] as it is, and a copy of it', async () => {
    const source = floats([0, 0.25, 1]);
    const images = imagesToTensor(source);
    source.data[0] = 1;
    expect([...(await images.data())]).toEqual([0, 0.25, 1]);
    images.dispose();
  });

  it('gives a new handle for a tensor', async () => {
    const original = zeros([1, 2, 2, 3]) as Tensor4D;
    await expectTensors(0, () => imagesToTensor(original).dispose());
    expect(original.isDisposed).toBe(false);
    original.dispose();
  });

  it.each([
    ['0-255 pictures', [0, 12, 255], /look like 0-255 pictures: divide by 255.* values from 0 to 255/],
    ['[-1, 1] pictures', [-1, 0, 0.5], /look scaled to \[-1, 1\]/],
    ['normalized pictures', [-2.1, 0, 2.6], /look already normalized by mean/],
    ['16-bit pictures', [0, 300, 65535], /more than 8 bits/],
    ['overshoot', [0, 1, 1.25], /slightly above 1: clip/],
    ['negative nonsense', [-300, 0, 1], /values below 0/],
    ['NaN', [0, Number.NaN, 1], /contain NaN.* Received: images with NaN/],
    ['infinity', [0, Number.POSITIVE_INFINITY, 1], /infinite value/],
  ])('names the mistake: %s', async (_, values, message) => {
    const before = memory().numTensors;
    expect(() => imagesToTensor(floats(values))).toThrow(message);
    expect(() => imagesToTensor(floats(values))).toThrow(ValueRangeError);
    expect(memory().numTensors).toBe(before);
    const tensor = tensor4d(values, [1, 1, 3, 1]);
    await expectTensors(0, async () => {
      await expect(checkImageValues('fit', 'images', tensor)).rejects.toThrow(message);
      await expect(checkImageValues('fit', 'images', tensor)).rejects.toThrow(ValueRangeError);
    });
    tensor.dispose();
  });

  it('refuses data that do not fit the shape', () => {
    const bad = (data: unknown, shape: unknown) => () => imagesToTensor({ data, shape } as ImageArray);
    expect(bad([0, 1], [1, 1, 2, 1])).toThrow(/images.data must be a Float32Array or a Uint8Array/);
    expect(bad(new Uint8Array(6), [1, 2, 3])).toThrow(
      /images.shape must be \[count, height, width, channels\]/,
    );
    expect(bad(new Uint8Array(6), [1, 2, 1.5, 2])).toThrow(ShapeError);
    expect(bad(new Uint8Array(6), [1, 2, 2, 2])).toThrow(
      /must hold 8 values for shape \[1,2,2,2\]. Received: images.data of length 6/,
    );
    expect(() => imagesToTensor(undefined as never)).toThrow(ShapeError);
    const integers = tensor4d([1, 2], [1, 1, 2, 1], 'int32');
    expect(() => imagesToTensor(integers)).toThrow(/must be float32 \(0-255 pictures\?/);
    integers.dispose();
    const plain = scalar(1);
    expect(() => imagesToTensor(plain as never)).toThrow(
      /must have shape \[count, height, width, channels\]/,
    );
    plain.dispose();
  });
});

describe('checkImageValues', () => {
  it('accepts [0, 1], also large and empty, and finds one NaN among many', async () => {
    const images = fill([4, 64, 64, 3], 1) as Tensor4D;
    await expectTensors(0, () => checkImageValues('fit', 'images', images));
    images.dispose();
    const none = zeros([0, 2, 2, 3]) as Tensor4D;
    await checkImageValues('fit', 'images', none);
    none.dispose();
    for (const position of [0, 777, 4 * 32 * 32 * 3 - 1]) {
      const data = new Float32Array(4 * 32 * 32 * 3).fill(0.5);
      data[position] = Number.NaN;
      const tensor = tensor4d(data, [4, 32, 32, 3]);
      await expect(checkImageValues('fit', 'images', tensor)).rejects.toThrow(/fit: images .* NaN/);
      tensor.dispose();
    }
  });
});

function labeled(labels: number[]): LabeledImages {
  const images: ImageArray = {
    data: formulaPictures(labels.length, 2, 3, 3),
    shape: [labels.length, 2, 3, 3],
  };
  return { images, labels: Uint8Array.from(labels), classNames: ['a', 'b'] };
}

describe('selectImages, splitImages and concatenateImages', () => {
  it('selects pictures with their labels', () => {
    const all = labeled([0, 1, 0, 1]);
    const chosen = selectImages(all, [3, 0, 0]);
    expect(chosen.images.shape).toEqual([3, 2, 3, 3]);
    expect([...chosen.labels]).toEqual([1, 0, 0]);
    expect(chosen.images.data.subarray(0, 18)).toEqual(all.images.data.subarray(54, 72));
    expect(chosen.images.data.subarray(18, 36)).toEqual(all.images.data.subarray(0, 18));
    expect(chosen.classNames).toBe(all.classNames);
    for (const index of [4, -1, 0.5]) {
      expect(() => selectImages(all, [0, index])).toThrow(InvalidOptionError);
      expect(() => selectImages(all, [0, index])).toThrow(
        /indices must be .* from 0 to 3. Received: indices\[1\]/,
      );
    }
    expect(() => selectImages({ ...all, labels: new Uint8Array(3) }, [0])).toThrow(/one label for each of 4/);
  });

  it('splits into parts that have nothing in common, classes in equal shares', () => {
    const labels = Array.from({ length: 50 }, (_, i) => (i < 40 ? 0 : 1));
    // A picture's first byte tells its place: 17 n mod 256 is different for all 50.
    const all = labeled(labels);
    const places = (part: LabeledImages) =>
      Array.from(part.labels, (_, row) => part.images.data[row * 18]!).map((byte) => (byte * 241) % 256);
    const { train, test } = splitImages(all, { testFraction: 0.1, seed: 3 });
    expect([...places(train), ...places(test)].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
    expect(places(train)).toEqual([...places(train)].sort((a, b) => a - b));
    expect([...test.labels].filter((label) => label === 0)).toHaveLength(4);
    expect([...test.labels].filter((label) => label === 1)).toHaveLength(1);
    expect(splitImages(all, { testFraction: 0.1, seed: 3 }).test).toEqual(test);
    expect(places(splitImages(all, { testFraction: 0.1, seed: 4 }).test)).not.toEqual(places(test));
    expect(splitImages(all, { stratified: false }).test.labels).toHaveLength(10);
    expect(() => splitImages(all, { testFraction: 1 })).toThrow(
      /testFraction must be .* Received: testFraction=1/,
    );
    expect(() => splitImages(all, { seed: -1 })).toThrow(InvalidOptionError);
  });

  it('concatenates parts of one kind', () => {
    const joined = concatenateImages([labeled([0]), labeled([1, 1])]);
    expect(joined.images.shape).toEqual([3, 2, 3, 3]);
    expect([...joined.labels]).toEqual([0, 1, 1]);
    expect(joined.images.data.subarray(18)).toEqual(labeled([1, 1]).images.data);
    expect(() => concatenateImages([])).toThrow(DataError);
    const other: LabeledImages = {
      images: { data: new Uint8Array(3), shape: [1, 1, 1, 3] },
      labels: Uint8Array.of(0),
    };
    expect(() => concatenateImages([labeled([0]), other])).toThrow(SimCLRError);
    expect(() => concatenateImages([labeled([0]), other])).toThrow(
      /parts\[0\]=\[1,2,3,3\], parts\[1\]=\[1,1,1,3\]/,
    );
  });
});
