import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clone, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { batchRandom, type Callback, compose, randomResizedCrop, SGD, simclrAugmentation } from 'simclr-ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  cache,
  type EpochPass,
  type ImageArray,
  imageBatches,
  imageStream,
  type ViewBatch,
} from '../../src/data/index.js';
import { evenBatches } from '../../src/distributed/even-batches.js';
import { type Communicator, shard } from '../../src/distributed/index.js';
import { doctor } from '../../src/doctor/index.js';
import { decodePool, imageFolder } from '../../src/node/index.js';
import { viewRequests } from '../../src/training/fit/view-requests.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { tinySimCLR, weightValues } from '../training/tiny.js';
import { temporaryFolder } from './temporary.js';

interface Original {
  path: string;
  pixels: Uint8Array;
  shape: [height: number, width: number];
}

/** Noisy pictures, wide and high, so that a crop from any other place has other pixels. */
async function writeOriginals(count: number): Promise<{ folder: string; originals: Original[] }> {
  const folder = temporaryFolder();
  const originals: Original[] = [];
  for (let i = 0; i < count; i++) {
    const shape: [number, number] = i % 2 === 0 ? [20, 60 + i] : [45, 21];
    const pixels = Uint8Array.from(
      hashedValues(`original ${i}`, shape[0] * shape[1] * 3).map((value) => Math.floor(128 + 127 * value)),
    );
    const path = join(folder, `${i}.png`);
    const file = sharp(pixels, { raw: { width: shape[1], height: shape[0], channels: 3 } });
    writeFileSync(path, await file.png().toBuffer());
    originals.push({ path, pixels, shape });
  }
  return { folder, originals };
}

const toTensor = ({ pixels, shape }: Original) =>
  tensor4d(
    Float32Array.from(pixels, (byte) => byte / 255),
    [1, ...shape, 3],
  );

/** What a step sees of the pictures, kept from the callback's batch. */
function takeBatches() {
  const batches: { indices: number[]; views: Tensor4D[] | undefined; images: Tensor4D | undefined }[] = [];
  const callback: Callback = {
    onStepEnd(_, { batch }) {
      batches.push({
        indices: [...batch!.indices],
        views: batch!.views?.map((view) => clone(view)),
        images: batch!.images && clone(batch!.images),
      });
    },
  };
  return { batches, callback };
}

const crop = randomResizedCrop({ size: 8 });
const plainSGD = () => new SGD({ learningRate: 0.01, momentum: 0 });

describe('training from files', () => {
  it('cuts each view out of the whole picture, drawn as on pictures in memory', async () => {
    const { folder, originals } = await writeOriginals(6);
    for (const workers of [0, 1]) {
      const photos = await imageFolder(folder, { size: 8, workers });
      onTestFinished(() => photos.close());
      const { batches, callback } = takeBatches();
      const simclr = tinySimCLR({ seed: 3 });
      await simclr.fit(photos, { batchSize: 3, epochs: 2, callbacks: [callback, doctor()] });
      expect(batches).toHaveLength(4);
      for (const [step, { indices, views, images }] of batches.entries()) {
        expect(images).toBeUndefined();
        for (const [view, tensor] of views!.entries()) {
          expect(tensor.shape).toEqual([3, 8, 8, 3]);
          const values = await tensor.data();
          for (const [row, index] of indices.entries()) {
            const original = originals.find(({ path }) => path === photos.paths[index])!;
            const random = batchRandom({
              seed: 3,
              epoch: Math.floor(step / 2),
              indices: [index],
              view,
            }).fold(0);
            const own = crop.apply(toTensor(original), crop.sample(1, random, original.shape));
            // Bytes are rounded once.
            expectClose(values.slice(row * 192, (row + 1) * 192), await own.data(), {
              absolute: 0.51 / 255,
            });
          }
        }
      }
      simclr.dispose();
    }
  });

  it('augments views that were cut as it augments pictures, but for the crop', async () => {
    const augmentation = simclrAugmentation({ size: 8 });
    const simclr = tinySimCLR({ augmentation, seed: 9 });
    const images = tensor4d(
      hashedValues('pictures', 2 * 30 * 50 * 3).map((value) => value / 2 + 0.5),
      [2, 30, 50, 3],
    );
    const indices = [4, 7];
    const cut = [0, 1].map((view) => {
      const random = batchRandom({ seed: 9, epoch: 2, indices, view }).fold(0);
      return crop.apply(images, crop.sample(2, random, [30, 50]));
    });
    const whole = simclr.views(images, indices, 2);
    const fromCut = await expectTensors(2, () => simclr.views(cut, indices, 2));
    for (const view of [0, 1]) expect(await fromCut[view]!.data()).toEqual(await whole[view]!.data());
    expect(() => simclr.views([cut[0]!], indices, 2)).toThrow(/fewer tensors than views/);
    simclr.dispose();
  });

  it('takes decoded pictures where an augmentation does not begin with a crop', async () => {
    const { folder } = await writeOriginals(4);
    const photos = await imageFolder(folder, { size: 8, workers: 0 });
    const { batches, callback } = takeBatches();
    const own = { name: 'own', sample: () => null, apply: (images: Tensor4D) => images };
    const simclr = tinySimCLR({ augmentation: compose([own, crop]) });
    await simclr.fit(photos, { batchSize: 2, callbacks: [callback] });
    expect(viewRequests(simclr, 0)).toBeUndefined();
    for (const { images, views } of batches) {
      expect(views).toBeUndefined();
      expect(images!.shape).toEqual([2, 8, 8, 3]);
    }
    simclr.dispose();
  });

  it('trains alike in micro-batches, and leaves no tensor behind', async () => {
    const { folder } = await writeOriginals(8);
    const photos = await imageFolder(folder, { size: 8, workers: 1 });
    onTestFinished(() => photos.close());
    const [whole, parts] = [tinySimCLR({ optimizer: plainSGD() }), tinySimCLR({ optimizer: plainSGD() })];
    await expectTensors(0, () => whole.fit(photos, { batchSize: 4 }));
    await expectTensors(0, () => parts.fit(photos, { batchSize: 4, microBatchSize: 2 }));
    expectClose(weightValues(parts), weightValues(whole), { absolute: 1e-5 });
    whole.dispose();
    parts.dispose();
  });

  it('keeps whole pictures in a cache, and cuts the same views whether they are kept or not', async () => {
    const { folder, originals } = await writeOriginals(6);
    const large = await sharp(originals[0]!.path).resize(700, 500).png().toBuffer();
    writeFileSync(originals[0]!.path, large);
    const lossesOf = async (maxBytes: number, removing: boolean) => {
      const kept = cache({ maxBytes });
      const photos = await imageFolder(folder, { size: 8, workers: 1, cache: kept });
      onTestFinished(() => photos.close());
      const simclr = tinySimCLR();
      const first = await simclr.fit(photos, { batchSize: 3 });
      // Files that are gone cannot be decoded again.
      if (removing) for (const { path } of originals) rmSync(path);
      const second = await simclr.fit(photos, { batchSize: 3 });
      simclr.dispose();
      expect(photos.skipped).toEqual([]);
      return { losses: [...first.steps, ...second.steps].map(({ loss }) => loss), kept, photos };
    };
    const without = await lossesOf(1, false);
    expect(without.kept.count).toBe(0);
    const { losses, kept, photos } = await lossesOf(1e6, true);
    expect(losses).toEqual(without.losses);
    expect(kept.count).toBe(6);
    // The large one at a sixteenth: its smallest crop, 8 % of the area, still has more pixels than a view of 8x8.
    const sizes = originals.map(({ path }) => kept.get(`${path} (whole)`)!.shape);
    expect(sizes).toEqual([[31, 43, 3], ...originals.slice(1).map(({ shape }) => [...shape, 3])]);
    // Pictures of the folder's own size are others.
    const batches = imageBatches(photos, { batchSize: 6 });
    await expect(batches.next()).rejects.toThrow(/do not decode/);
  });

  it('leaves damaged files out of every view', async () => {
    const { folder, originals } = await writeOriginals(6);
    writeFileSync(originals[1]!.path, 'damaged');
    const photos = await imageFolder(folder, { size: 8, workers: 1 });
    onTestFinished(() => photos.close());
    const { batches, callback } = takeBatches();
    const simclr = tinySimCLR();
    await simclr.fit(photos, { batchSize: 3, callbacks: [callback] });
    expect(batches.map(({ views }) => views!.map(({ shape }) => shape[0])).sort()).toEqual([
      [2, 2],
      [3, 3],
    ]);
    expect(photos.skipped.map(({ path }) => path)).toEqual([originals[1]!.path]);
    simclr.dispose();
  });
});

describe('imageStream', () => {
  const pass: EpochPass = {
    epoch: 0,
    seed: 0,
    shuffle: false,
    batchSize: 2,
    dropRemainder: true,
    startBatch: 0,
  };
  const views = viewRequests(
    { augmentations: [crop, randomResizedCrop({ size: [4, 6], interpolation: 'bicubic' })], seed: 1 },
    0,
  )!;

  async function records() {
    const { originals } = await writeOriginals(4);
    return originals.map(({ path, pixels, shape }) => ({
      path,
      image: { data: pixels, shape: [...shape, 3] as const },
    }));
  }

  it('cuts with a decoder that cuts, on every rank its own', async () => {
    const decode = decodePool({ size: 8, workers: 1 });
    onTestFinished(() => decode.close());
    const dataset = imageStream(
      (await records()).map(({ path }, index) => ({ name: path, index })),
      { decode },
    );
    expect(dataset.cutsViews).toBe(true);
    const all: ViewBatch[] = [];
    for await (const batch of dataset({ ...pass, views })) all.push(batch as ViewBatch);
    expect(all.map((batch) => batch.views.map(({ shape }) => shape))).toEqual(
      Array.from({ length: 2 }, () => [
        [2, 8, 8, 3],
        [2, 4, 6, 3],
      ]),
    );
    for (const rank of [0, 1]) {
      const part = shard(dataset, rank, 2);
      expect(part.cutsViews).toBe(true);
      const own: unknown[] = [];
      for await (const batch of part({ ...pass, views })) own.push((batch as ViewBatch).views);
      expect(own).toEqual([all[rank]!.views]);
    }

    // A rank that has fewer pictures makes the others leave as many views out.
    const fewest = { allReduce: async (counts: Int32Array) => counts.set([Math.min(1, counts[0]!)]) };
    const even = evenBatches(shard(dataset, 0, 2), undefined, fewest as unknown as Communicator);
    expect(even.cutsViews).toBe(true);
    await expectTensors(0, async () => {
      for await (const batch of even({ ...pass, views })) {
        for (const [view, tensor] of (batch as { views: Tensor4D[] }).views.entries()) {
          const { data, shape } = all[0]!.views[view] as ImageArray;
          expect(tensor.shape).toEqual([1, ...shape.slice(1)]);
          const bytes = (await tensor.data()).map((value) => Math.round(value * 255));
          expect([...bytes]).toEqual([...data.slice(0, tensor.size)]);
          tensor.dispose();
        }
      }
    });
  });

  it('gives pictures where they are decoded already, or where its decoder does not cut', async () => {
    const decode = decodePool({ size: 8, workers: 1 });
    onTestFinished(() => decode.close());
    const [first, , third] = await records();
    const mixed = imageStream(
      [{ name: third!.path }, { image: { data: new Uint8Array(192), shape: [8, 8, 3] } }],
      {
        decode,
      },
    );
    for await (const batch of mixed({ ...pass, views })) expect(batch.images?.shape).toEqual([2, 8, 8, 3]);
    const plain = imageStream(
      [first!, third!].map(({ path }) => ({ name: path })),
      {
        decode: (pictures, signal) => decode(pictures, signal),
      },
    );
    expect(plain.cutsViews).toBe(false);
    for await (const batch of plain({ ...pass, views })) expect(batch.images?.shape).toEqual([2, 8, 8, 3]);
  });
});
