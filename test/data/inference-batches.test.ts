import { tensor4d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { inferenceBatches } from '../../src/data/batches/inference-batches.js';
import {
  type DecodePictures,
  type EpochPass,
  type ImageDataset,
  imageStream,
  indexedImages,
} from '../../src/data/index.js';
import { DataError, InvalidOptionError, ShapeError, ValueRangeError } from '../../src/errors/index.js';
import { expectTensors } from '../helpers/leaks.js';

const shape = [2, 2, 3] as const;
/** Picture i is filled with the byte i. */
const picture = (index: number) => ({ data: new Uint8Array(12).fill(index), shape });
const pictures = (...indices: number[]) => ({
  data: Uint8Array.from(indices.flatMap((index) => [...picture(index).data])),
  shape: [indices.length, ...shape],
});
const tensor = (...indices: number[]) =>
  tensor4d(
    Array.from(pictures(...indices).data, (byte) => byte / 255),
    [indices.length, ...shape],
  );

/** What a pass gives: the pictures' bytes, indices and labels of each batch. */
async function collect(dataset: ImageDataset, batchSize = 4) {
  const seen: { pictures: number[]; indices: number[]; labels?: number[] }[] = [];
  for await (const { images, indices, labels } of inferenceBatches('embed', dataset, { batchSize })) {
    expect(images.dtype).toBe('float32');
    const values = await images.data();
    images.dispose();
    const own = Array.from(indices, (_, row) => Math.round(values[row * 12 + 11]! * 255));
    seen.push({ pictures: own, indices: [...indices], ...(labels && { labels: [...labels] }) });
  }
  return seen;
}

const inOrder = [
  { pictures: [0, 1, 2, 3], indices: [0, 1, 2, 3] },
  { pictures: [4], indices: [4] },
];
const inOrderWithLabels = [
  { ...inOrder[0], labels: [0, 2, 4, 6] },
  { ...inOrder[1], labels: [8] },
];
const decode: DecodePictures = async (files) =>
  files.map(({ name }) => (name === 'damaged' ? new DataError('damaged', name) : picture(Number(name))));

describe('inferenceBatches', () => {
  it('goes over each kind of data set in its order, the last smaller batch too', async () => {
    const images = tensor(0, 1, 2, 3, 4);
    await expectTensors(0, async () => {
      expect(await collect(pictures(0, 1, 2, 3, 4))).toEqual(inOrder);
      expect(await collect(images)).toEqual(inOrder);
      expect(await collect([tensor(0, 1, 2, 3), tensor(4)])).toEqual(inOrder);
      const read = async (indices: Uint32Array) => ({ images: pictures(...indices), indices });
      expect(await collect(indexedImages({ size: 5, read }))).toEqual(inOrder);
      const records = Array.from({ length: 5 }, (_, index) => ({ name: String(index), index }));
      expect(await collect(imageStream(records, { decode }))).toEqual(inOrder);
    });
    images.dispose();
  });

  it('gives the labels that batches carry', async () => {
    const records = Array.from({ length: 5 }, (_, index) => ({
      image: picture(index),
      index,
      label: 2 * index,
    }));
    expect(await collect(imageStream(records))).toEqual(inOrderWithLabels);
    const batches = [
      { images: pictures(0, 1, 2, 3), labels: [0, 2, 4, 6] },
      { images: pictures(4), labels: Uint8Array.of(8) },
    ];
    expect(await collect(batches)).toEqual(inOrderWithLabels);
  });

  it('asks a source for all pictures of one pass in order, without views', async () => {
    const passes: EpochPass[] = [];
    const source = Object.assign(
      (pass: EpochPass) => {
        passes.push(pass);
        return [pictures(0, 1)];
      },
      { cutsViews: true },
    );
    await collect(source, 2);
    expect(passes).toEqual([
      { epoch: 0, seed: 0, shuffle: false, batchSize: 2, dropRemainder: false, startBatch: 0 },
    ]);
  });

  it('leaves out no picture that can be decoded, not even the only one of its batch', async () => {
    const records = ['0', 'damaged', 'damaged', 'damaged', '4', '5'].map((name, index) => ({ name, index }));
    const stream = imageStream(records, { decode });
    expect(await collect(stream, 2)).toEqual([
      { pictures: [0], indices: [0] },
      { pictures: [4, 5], indices: [4, 5] },
    ]);
    expect(stream.skipped).toEqual([{ path: 'damaged', reason: 'damaged' }]);
  });

  it('names its caller, and disposes what it refuses', async () => {
    await expectTensors(0, async () => {
      await expect(collect(pictures())).rejects.toThrow(/^embed: images must have at least one picture/);
      await expect(collect(7 as never)).rejects.toThrow(/^embed: images must be a tensor/);
      await expect(collect(pictures(1), 0)).rejects.toThrow(/^embed: batchSize must be/);
      await expect(collect([{ data: new Uint8Array(3), shape: [3] }])).rejects.toThrow(ShapeError);
      const wrong = () => tensor4d(new Float32Array(12).fill(2), [1, ...shape]);
      await expect(collect([wrong()])).rejects.toThrow(ValueRangeError);
      await expect(collect([{ images: tensor(0), labels: [1] }, tensor(1)])).rejects.toThrow(
        new InvalidOptionError(
          'embed: images must give labels with every batch or with none. Received: a batch without labels after batches with.',
        ),
      );
      await expect(collect([{ images: tensor(0), labels: [-1] }])).rejects.toThrow(/^embed: batch.labels/);
    });
  });

  it('closes a source that is left early', async () => {
    let closed = 0;
    const source = indexedImages({
      size: 8,
      read: async (indices) => ({ images: pictures(...indices), indices }),
      close: () => {
        closed++;
      },
    });
    for await (const { images } of inferenceBatches('embed', source, { batchSize: 2 })) {
      images.dispose();
      break;
    }
    expect(closed).toBe(1);
  });
});
