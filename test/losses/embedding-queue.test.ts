import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { EmbeddingQueue } from 'simclr-ts/losses';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';

const rowsOf = async (queue: EmbeddingQueue) => await queue.rows.array();

describe('EmbeddingQueue', () => {
  it('begins with random directions that are a function of the seed', async () => {
    const [first, same, other] = [1, 1, 2].map((seed) => new EmbeddingQueue({ size: 20, dim: 3, seed }));
    expect(first!.rows.shape).toEqual([20, 3]);
    for (const row of await rowsOf(first!)) expect(Math.hypot(...row)).toBeCloseTo(1, 5);
    expect(await rowsOf(same!)).toEqual(await rowsOf(first!));
    expect(await rowsOf(other!)).not.toEqual(await rowsOf(first!));
    for (const queue of [first, same, other]) queue!.dispose();
  });

  it('puts unit rows in at the end and the oldest out', async () => {
    const queue = new EmbeddingQueue({ size: 3, dim: 2 });
    const before = await rowsOf(queue);
    queue.enqueue(tensor2d([[3, 4]]));
    expectClose((await rowsOf(queue)).flat(), [...before.slice(1).flat(), 0.6, 0.8], { absolute: 1e-6 });
    queue.enqueue(
      tensor2d([
        [2, 0],
        [0, 2],
        [-2, 0],
        [0, -2],
      ]),
    );
    expectClose((await rowsOf(queue)).flat(), [0, 1, -1, 0, 0, -1], { absolute: 1e-6 });
    queue.dispose();
  });

  it('survives tidy, and leaves no tensor', async () => {
    await expectTensors(0, async () => {
      const queue = new EmbeddingQueue({ size: 2, dim: 2 });
      const rows = tensor2d([[0, 1]]);
      queue.enqueue(rows);
      queue.restore(queue.rows);
      expect((await rowsOf(queue))[1]).toEqual([0, 1]);
      rows.dispose();
      queue.dispose();
      queue.dispose();
    });
  });

  it('refuses what does not fit', () => {
    expect(() => new EmbeddingQueue({ size: 0, dim: 2 })).toThrow('EmbeddingQueue: size');
    expect(() => new EmbeddingQueue({ size: 2, dim: 0.5 })).toThrow('EmbeddingQueue: dim');
    expect(() => new EmbeddingQueue({ size: 2, dim: 2, seed: -1 })).toThrow('EmbeddingQueue: seed');
    const queue = new EmbeddingQueue({ size: 2, dim: 2 });
    expect(() => queue.enqueue(tensor2d([[1, 2, 3]]))).toThrow('embeddings must be of length 2');
    expect(() => queue.enqueue([1, 2] as unknown as Tensor2D)).toThrow('embeddings must be a tensor');
    expect(() => queue.restore(tensor2d([[1, 2]]))).toThrow('rows must have shape [2,2]');
    queue.dispose();
  });
});
