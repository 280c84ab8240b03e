import { memory, tensor2d } from '@tensorflow/tfjs-core';
import {
  type ImageRecord,
  imageBatches,
  imageStream,
  type LabeledImages,
  selectImages,
  splitImages,
} from 'simclr-ts/data';
import { accuracyDifference } from 'simclr-ts/evaluation';
import { supervisedContrastiveLoss } from 'simclr-ts/losses';
import { describe, expect, it } from 'vitest';
import { rejection, tinyPictures, tinySimCLR } from './tiny.js';

const pictures = tinyPictures(8);

/** What is no class, and what it used to become without a word. */
const wrong: [unknown, string][] = [
  [Number.NaN, 'NaN'],
  [1.5, '1.5'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [2 ** 32 + 1, '4294967297'],
  ['1', '"1"'],
  [null, 'null'],
  [undefined, 'undefined'],
];

describe('labels that are not integers are refused by name and row', () => {
  it.each(wrong)('%s', async (label, text) => {
    const labels = [0, 1, 0, label, 1, 0, 1, 0] as number[];
    const message = (caller: string, argument = 'labels') =>
      expect.objectContaining({
        name: 'ValueRangeError',
        message: expect.stringMatching(
          new RegExp(`^${caller}: ${argument} must be integers.* Received: ${argument}\\[3\\]=${text}\\.$`),
        ),
      });
    const { numTensors } = memory();
    for (const loss of ['supervisedContrastive', 'ntXent'] as const) {
      const simclr = tinySimCLR({ loss });
      expect(await rejection(simclr.fit(pictures, { batchSize: 4, labels }))).toEqual(message('SimCLR.fit'));
      expect(await rejection(simclr.trainStep(pictures, { labels }))).toEqual(message('SimCLR.trainStep'));
      simclr.dispose();
    }
    expect(memory().numTensors).toBe(numTensors);
    const labeled = { images: pictures, labels } as unknown as LabeledImages;
    expect(() => selectImages(labeled, [3])).toThrow(message('selectImages', 'labeled.labels'));
    expect(() => splitImages(labeled)).toThrow(message('splitImages', 'labeled.labels'));
    const batches = imageBatches([{ images: pictures, labels }], { batchSize: 8 });
    expect(await rejection(batches[Symbol.asyncIterator]().next())).toEqual(
      message('imageBatches', 'batch.labels'),
    );
    const all = Int32Array.from({ length: 8 }, () => 1);
    expect(() => accuracyDifference(all, all, labels as never)).toThrow(
      /labels must be (a Uint8Array|integers >= 0\. Received: labels\[3\])/,
    );
  });

  it('by the supervised loss', () => {
    const view = tensor2d(pictures.data as Float32Array, [8, 192]);
    expect(() => supervisedContrastiveLoss([view, view], [0, 1, 0, Number.NaN, 1, 0, 1, 0])).toThrow(
      'supervisedContrastiveLoss: labels must be integers. Received: labels[3]=NaN.',
    );
    view.dispose();
  });

  it('by a stream of records', async () => {
    const records: ImageRecord[] = Array.from({ length: 4 }, (_, i) => ({
      image: { data: new Uint8Array(192), shape: [8, 8, 3] },
      name: `picture-${i}`,
      label: i === 2 ? Number.NaN : 0,
    }));
    const batches = imageBatches(imageStream(records), { batchSize: 4 });
    expect(await rejection(batches[Symbol.asyncIterator]().next())).toMatchObject({
      name: 'DataError',
      message: expect.stringContaining('labels must be integers >= 0. Received: picture-2 with label NaN.'),
    });
  });
});

it('labels of fit are not looked up by the place of pictures without a number', async () => {
  const before = memory().numTensors;
  const simclr = tinySimCLR({ loss: 'supervisedContrastive' });
  const image = { data: new Uint8Array(8 * 8 * 3).fill(9), shape: [8, 8, 3] as [number, number, number] };
  const records = (numbered: boolean) =>
    imageStream(Array.from({ length: 4 }, (_, index) => ({ image, ...(numbered && { index }) })));
  const options = { batchSize: 4, labels: [0, 0, 1, 1] };
  await expect(simclr.fit(records(false), options)).rejects.toThrow(
    /^SimCLR.fit: labels are looked up by the numbers of the images.*a batch without numbers\.$/,
  );
  expect((await simclr.fit(records(true), options)).outcome).toBe('completed');
  simclr.dispose();
  expect(memory().numTensors).toBe(before);
});
