import { memory, tensor4d } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ImageBatch, type ImageDataset, imageBatches } from '../../src/data/index.js';
import { shard } from '../../src/distributed/index.js';
import { DataError, InvalidOptionError } from '../../src/errors/index.js';

/** Pictures of one pixel whose value tells which they are. */
const pictures = (count: number) =>
  ({ data: Uint8Array.from({ length: count }, (_, i) => i), shape: [count, 1, 1, 1] }) as const;

interface Taken {
  indices: number[];
  values: number[];
}

async function take(dataset: ImageDataset, batchSize: number, options = {}): Promise<Taken[]> {
  const batches: Taken[] = [];
  for await (const { images, indices } of imageBatches(dataset, {
    batchSize,
    seed: 4,
    epoch: 1,
    ...options,
  })) {
    batches.push({
      indices: [...indices],
      values: Array.from(images.dataSync(), (v) => Math.round(v * 255)),
    });
    images.dispose();
  }
  return batches;
}

const merge = (ranks: Taken[][]) =>
  ranks[0]!.map((_, k) => ({
    indices: ranks.flatMap((batches) => batches[k]!.indices),
    values: ranks.flatMap((batches) => batches[k]!.values),
  }));

/** A source that cannot skip, with batches of tensors and without numbers. */
function* tensors(count: number, batchSize: number) {
  for (let start = 0; start < count; start += batchSize) {
    const length = Math.min(batchSize, count - start);
    yield tensor4d(
      Array.from({ length }, (_, i) => (start + i) / 255),
      [length, 1, 1, 1],
    );
  }
}

describe('shard', () => {
  it('deals out the batches of one process with a batch as large as all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 40 }),
        fc.boolean(),
        async (size, batchSize, extra, shuffle) => {
          const data = pictures(size * batchSize + extra);
          const ranks = await Promise.all(
            Array.from({ length: size }, (_, rank) => take(shard(data, rank, size), batchSize, { shuffle })),
          );
          expect(merge(ranks)).toEqual(await take(data, batchSize * size, { shuffle }));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('continues in the middle of an epoch', async () => {
    const own = shard(pictures(25), 1, 3);
    const all = await take(own, 2);
    expect(all).toHaveLength(4);
    expect(await take(own, 2, { startBatch: 3 })).toEqual(all.slice(3));
  });

  it('knows how many batches there will be', () => {
    expect(shard(pictures(25), 0, 3).size).toBe(8);
    expect(shard([], 0, 3).size).toBeUndefined();
  });

  it('takes turns in a stream, numbers the pictures, leaves out what is not whole, and leaks nothing', async () => {
    const before = memory().numTensors;
    const ranks = await Promise.all(
      [0, 1].map((rank) =>
        take(
          shard(() => tensors(15, 2), rank, 2),
          2,
        ),
      ),
    );
    expect(merge(ranks)).toEqual(
      [0, 4, 8].map((start) => ({
        indices: [0, 1, 2, 3].map((i) => start + i),
        values: [0, 1, 2, 3].map((i) => start + i),
      })),
    );
    // 16 pictures in batches of 3: the last, of one, is smaller than the other of its round.
    const [first] = await Promise.all([
      take(
        shard(() => tensors(16, 3), 0, 2),
        3,
      ),
    ]);
    expect(first).toHaveLength(2);
    expect(memory().numTensors).toBe(before);
  });

  it('asks a seekable source to begin where all ranks are', async () => {
    const starts: number[] = [];
    const source = Object.assign(
      ({ startBatch, batchSize }: { startBatch: number; batchSize: number }) => {
        starts.push(startBatch);
        return [...tensors(16, batchSize)].slice(startBatch);
      },
      { seekable: true as const, size: 16 },
    );
    const batches = await take(shard(source, 1, 2), 2, { startBatch: 2 });
    expect(starts).toEqual([4]);
    expect(batches.map(({ indices }) => indices)).toEqual([
      [10, 11],
      [14, 15],
    ]);
  });

  it('leaves it to a source that can read its own part only', async () => {
    const passes: unknown[] = [];
    const source = Object.assign(
      (pass: { shard?: unknown }): ImageBatch[] => {
        passes.push(pass.shard);
        return [{ images: pictures(2), indices: [8, 9] }];
      },
      { shardable: true as const },
    );
    expect((await take(shard(source, 1, 2), 2))[0]!.indices).toEqual([8, 9]);
    expect(passes).toEqual([{ rank: 1, size: 2 }]);
  });

  it('refuses what it cannot deal out', async () => {
    expect(() => shard(pictures(4), 2, 2)).toThrow(InvalidOptionError);
    expect(() => shard(pictures(4), 0, 0)).toThrow(InvalidOptionError);
    expect(() => shard(5 as never, 0, 1)).toThrow(InvalidOptionError);
    await expect(take(shard(pictures(5), 0, 3), 2)).rejects.toThrow(
      'shard: dataset must fill at least one batch on every rank. Received: 5 pictures, batchSize=2 on 3 ranks.',
    );
    const uneven = [pictures(2), pictures(3), pictures(2), pictures(2)];
    await expect(take(shard(uneven, 0, 2), 2)).rejects.toThrow(DataError);
  });
});
