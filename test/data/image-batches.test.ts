import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  batchesPerEpoch,
  datasetSize,
  type EpochPass,
  epochOrder,
  type ImageArray,
  type ImageBatchesOptions,
  type ImageBatchSource,
  type ImageDataset,
  imageBatches,
} from '../../src/data/index.js';
import { DataError, InvalidOptionError, ShapeError, ValueRangeError } from '../../src/errors/index.js';
import { expectTensors } from '../helpers/leaks.js';

/** Picture i is filled with the byte i. */
function bytePictures(count: number): ImageArray {
  return {
    data: Uint8Array.from({ length: count * 12 }, (_, i) => Math.floor(i / 12)),
    shape: [count, 2, 2, 3],
  };
}

function floatPictures(count: number): ImageArray {
  const { data, shape } = bytePictures(count);
  return { data: Float32Array.from(data, (byte) => Math.fround(byte / 255)), shape };
}

function tensorPictures(count: number): Tensor4D {
  const { data, shape } = floatPictures(count);
  return tensor4d(data as Float32Array, [...shape]);
}

interface Seen {
  /** Picture numbers read off the pixels. */
  pictures: number[];
  indices: number[];
}

async function collect(dataset: ImageDataset, options: ImageBatchesOptions): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { images, indices } of imageBatches(dataset, options)) {
    expect(images.dtype).toBe('float32');
    const values = await images.data();
    expect(images.shape).toEqual([indices.length, 2, 2, 3]);
    const pictures = Array.from(indices, (_, row) => Math.round(values[row * 12 + 11]! * 255));
    seen.push({ pictures, indices: [...indices] });
    images.dispose();
  }
  return seen;
}

const flat = (seen: Seen[]) => seen.flatMap(({ indices }) => indices);

describe('imageBatches of pictures in memory', () => {
  it.each([
    ['bytes', bytePictures],
    ['floats', floatPictures],
    ['a tensor', tensorPictures],
  ])('gives every picture once, with its number: %s', async (_, make) => {
    const dataset = make(10);
    await expectTensors(0, async () => {
      for (const shuffle of [true, false]) {
        const seen = await collect(dataset, { batchSize: 4, shuffle, dropRemainder: false });
        expect(seen.map(({ indices }) => indices.length)).toEqual([4, 4, 2]);
        for (const { pictures, indices } of seen) expect(pictures).toEqual(indices);
        const ordered = Array.from({ length: 10 }, (_, i) => i);
        expect(flat(seen).sort((a, b) => a - b)).toEqual(ordered);
        if (!shuffle) expect(flat(seen)).toEqual(ordered);
      }
    });
    if ('isDisposed' in dataset) {
      expect(dataset.isDisposed).toBe(false);
      dataset.dispose();
    }
  });

  it('has an order that is a function of seed and epoch', async () => {
    const order = async (seed: number, epoch: number) =>
      flat(await collect(bytePictures(32), { batchSize: 8, seed, epoch }));
    const first = await order(1, 0);
    expect(await order(1, 0)).toEqual(first);
    expect(await order(1, 1)).not.toEqual(first);
    expect(await order(2, 0)).not.toEqual(first);
    expect(first).toEqual([...epochOrder(32, { seed: 1, epoch: 0 })]);
    expect(first).not.toEqual([...first].sort((a, b) => a - b));
  });

  it('cuts and resumes as batchesPerEpoch says, for all sizes', async () => {
    const sizes = fc.record({
      count: fc.integer({ min: 1, max: 20 }),
      batchSize: fc.integer({ min: 1, max: 7 }),
      startBatch: fc.nat(4),
      dropRemainder: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ count, batchSize, startBatch, dropRemainder }) => {
        fc.pre(!dropRemainder || count >= batchSize);
        const options = { batchSize, dropRemainder };
        const all = await collect(bytePictures(count), options);
        expect(all).toHaveLength(batchesPerEpoch(bytePictures(count), options)!);
        expect(new Set(flat(all)).size).toBe(flat(all).length);
        expect(await collect(bytePictures(count), { ...options, startBatch })).toEqual(all.slice(startBatch));
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('refuses what it cannot cut', async () => {
    await expect(collect(bytePictures(3), { batchSize: 4 })).rejects.toThrow(
      /fill at least one batch\. Received: 3 pictures, batchSize=4/,
    );
    await expect(collect(bytePictures(0), { batchSize: 4 })).rejects.toThrow(DataError);
    await expect(collect(bytePictures(3), { batchSize: 0 })).rejects.toThrow(InvalidOptionError);
    await expect(collect(bytePictures(3), { batchSize: 1, seed: -1 })).rejects.toThrow(/seed/);
    await expect(collect(bytePictures(3), { batchSize: 1, epoch: 0.5 })).rejects.toThrow(/epoch/);
    await expect(collect(bytePictures(3), { batchSize: 1, startBatch: -1 })).rejects.toThrow(/startBatch/);
    await expect(collect(42 as never, { batchSize: 1 })).rejects.toThrow(
      /dataset must be a tensor.* dataset=42/,
    );
    const raw: ImageArray = { data: new Float32Array(12).fill(200), shape: [1, 2, 2, 3] };
    await expect(collect(raw, { batchSize: 1 })).rejects.toThrow(ValueRangeError);
  });
});

describe('imageBatches of iterables', () => {
  function* batches() {
    yield tensorPictures(2);
    yield floatPictures(3);
    yield { images: bytePictures(2), indices: [40, 41] };
    yield { images: tensorPictures(1) };
  }

  it('takes batches as they come and numbers them by position, or as they say', async () => {
    const sources: ImageDataset[] = [
      batches(),
      batches,
      () =>
        (async function* () {
          yield* batches();
        })(),
    ];
    for (const source of sources) {
      await expectTensors(0, async () => {
        const seen = await collect(source, { batchSize: 64 });
        expect(seen.map(({ indices }) => indices)).toEqual([[0, 1], [2, 3, 4], [40, 41], [7]]);
        expect(seen.map(({ pictures }) => pictures)).toEqual([[0, 1], [0, 1, 2], [0, 1], [0]]);
      });
    }
  });

  it('skips batches that are done, and disposes of their tensors', async () => {
    await expectTensors(0, async () => {
      const seen = await collect(batches, { batchSize: 64, startBatch: 1 });
      expect(seen.map(({ indices }) => indices)).toEqual([[2, 3, 4], [40, 41], [7]]);
    });
    expect(await collect([bytePictures(2)], { batchSize: 2, startBatch: 1 })).toEqual([]);
  });

  it('closes a generator that is left early', async () => {
    let closed = false;
    function* endless() {
      try {
        for (;;) yield bytePictures(1);
      } finally {
        closed = true;
      }
    }
    for await (const { images } of imageBatches(endless(), { batchSize: 1 })) {
      images.dispose();
      break;
    }
    expect(closed).toBe(true);
  });

  it('tells a function which pass it is asked for, and lets it seek', async () => {
    const passes: EpochPass[] = [];
    const source: ImageBatchSource = Object.assign(
      (pass: EpochPass) => {
        passes.push(pass);
        return [bytePictures(2)];
      },
      { size: 6, seekable: true },
    );
    const seen = await collect(source, { batchSize: 2, seed: 5, epoch: 3, startBatch: 2 });
    expect(passes).toEqual([
      { epoch: 3, seed: 5, shuffle: true, batchSize: 2, dropRemainder: true, startBatch: 2 },
    ]);
    expect(flat(seen)).toEqual([4, 5]);
    expect(datasetSize(source)).toBe(6);
    expect(batchesPerEpoch(source, { batchSize: 4, dropRemainder: false })).toBe(2);
  });

  it('explains a generator that an earlier epoch used up', async () => {
    const once = batches();
    await collect(once, { batchSize: 2 });
    await expect(collect(once, { batchSize: 2, epoch: 1 })).rejects.toThrow(
      /gave no batch in epoch 1: a generator can be iterated only once; pass the function/,
    );
    await expect(collect([], { batchSize: 2 })).rejects.toThrow(/it must give at least one/);
  });

  it('explains tensors that an earlier epoch used up', async () => {
    const array = [tensorPictures(2)];
    await collect(array, { batchSize: 2 });
    await expect(collect(array, { batchSize: 2, epoch: 1 })).rejects.toThrow(
      /pass a function that makes new ones in every epoch/,
    );
  });

  it('refuses batches that are none, and leaves no tensor behind', async () => {
    const wrong: [unknown, RegExp][] = [
      [null, /batch must be a float32 tensor or \{ data, shape \}/],
      [{ images: 3 }, /batch=3/],
      [{ images: bytePictures(2), indices: [1] }, /batch.indices must be 2 integers.*\[1\] \(length 1\)/],
      [{ images: bytePictures(1), indices: [-1] }, /batch.indices must be/],
    ];
    for (const [batch, message] of wrong) {
      await expect(collect([batch] as never, { batchSize: 1 })).rejects.toThrow(message);
    }
    await expectTensors(0, async () => {
      const integers = () => [tensor4d([1, 2, 3], [1, 1, 1, 3], 'int32')];
      await expect(collect(integers, { batchSize: 1 })).rejects.toThrow(ShapeError);
      const indices = () => [{ images: tensorPictures(2), indices: [0] }];
      await expect(collect(indices, { batchSize: 1 })).rejects.toThrow(InvalidOptionError);
    });
    await expect(collect((() => 7) as never, { batchSize: 1 })).rejects.toThrow(
      /dataset\(\), a function, must return/,
    );
  });
});

describe('datasetSize and batchesPerEpoch', () => {
  it('say what is known without reading', () => {
    expect(datasetSize(bytePictures(5))).toBe(5);
    expect(datasetSize([bytePictures(5), { images: bytePictures(2) }])).toBe(7);
    expect(datasetSize(() => [bytePictures(5)])).toBeUndefined();
    expect(batchesPerEpoch(bytePictures(5), { batchSize: 2 })).toBe(2);
    expect(batchesPerEpoch(bytePictures(5), { batchSize: 2, dropRemainder: false })).toBe(3);
    expect(batchesPerEpoch([bytePictures(5)], { batchSize: 2 })).toBe(1);
    expect(batchesPerEpoch(new Set([bytePictures(5)]), { batchSize: 2 })).toBeUndefined();
    expect(() => batchesPerEpoch(bytePictures(5), { batchSize: 0 })).toThrow(InvalidOptionError);
  });

  it('accept the kinds of data set that are documented', () => {
    expectTypeOf<() => Generator<Tensor4D>>().toExtend<ImageDataset>();
    expectTypeOf<AsyncGenerator<ImageArray>>().toExtend<ImageDataset>();
    expectTypeOf<Set<{ images: ImageArray; indices: Int32Array }>>().toExtend<ImageDataset>();
    expectTypeOf<number>().not.toExtend<ImageDataset>();
  });
});
