import { concat, keep, slice, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { checkFloatTensor, checkInteger } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { randomGenerator } from '../../random/index.js';
import { normalizeRows } from '../../tensors/normalize-rows.js';

const mostValues = 2 ** 28;

/** Options of {@link EmbeddingQueue}. */
export interface EmbeddingQueueOptions {
  /** Capacity in embeddings. Integer >= 1; MoCo uses 65536 on ImageNet and 4096 on CIFAR-10. */
  size: number;
  /** Length D of an embedding. Integer >= 1. */
  dim: number;
  /** Seed of the random directions that fill it at first. Integer >= 0. @defaultValue `0` */
  seed?: number;
}

/**
 * The embeddings of the last batches, first in, first out: negatives for {@link ntXentQueueLoss} beyond the batch.
 *
 * It starts full of random directions, as in MoCo and lightly. Embeddings are divided by their length on entry.
 *
 * @example
 * const queue = new EmbeddingQueue({ size: 4096, dim: 64 });
 * const loss = ntXentQueueLoss(z1, z2, queue.rows); // ... gradients, update ...
 * queue.enqueue(z2);
 * @see He et al. 2020, arXiv:1911.05722.
 */
export class EmbeddingQueue {
  private current: Tensor2D;

  /** @throws {@link InvalidOptionError} when an option is not an integer in its range. */
  constructor(options: EmbeddingQueueOptions) {
    const caller = 'EmbeddingQueue';
    checkKeys(caller, options, { size: 1, dim: 1, seed: 1 });
    const { size, dim, seed = 0 } = options;

    checkInteger(caller, 'size', size);
    checkInteger(caller, 'dim', dim);
    checkInteger(caller, 'seed', seed, 0);
    if (size * dim > mostValues) {
      throw new InvalidOptionError(
        `${caller}: size times dim must be at most ${mostValues}, a gigabyte. Received: size=${size}, dim=${dim}.`,
      );
    }
    const random = randomGenerator(seed);
    const values = Float32Array.from({ length: size * dim }, () => random.normal());
    this.current = tidy(() => keep(normalizeRows(tensor2d(values, [size, dim]))[0]));
  }

  /** The contents, oldest first. Shape `[size, dim]`, rows of length 1. Do not dispose them. */
  get rows(): Tensor2D {
    return this.current;
  }

  /**
   * Adds embeddings and drops the oldest ones. If more come than fit, it keeps the last.
   *
   * @param embeddings - Shape `[N, dim]`, float32; need not be normalized. Not disposed of.
   * @throws {@link ShapeError} when they are not float32 `[N, dim]`.
   */
  enqueue(embeddings: Tensor2D): void {
    const [size, dim] = this.current.shape;
    checkFloatTensor('EmbeddingQueue.enqueue', 'embeddings', embeddings, 2, '[N, dim]');
    const [count, received] = embeddings.shape;
    if (received !== dim) {
      throw new ShapeError(
        `EmbeddingQueue.enqueue: embeddings must be of length ${dim}. Received: embeddings=[${embeddings.shape}].`,
      );
    }
    this.replace(
      tidy(() => {
        const taken = Math.min(count, size);
        const [units] = normalizeRows(slice(embeddings, [count - taken, 0], [taken, dim]));
        return taken === size ? units : concat([slice(this.current, [taken, 0], [size - taken, dim]), units]);
      }),
    );
  }

  /**
   * Replaces the contents, for example with those of a checkpoint.
   *
   * @param rows - Shape `[size, dim]`. Copied, not disposed of.
   * @throws {@link ShapeError} when they have another shape.
   */
  restore(rows: Tensor2D): void {
    if (rows.shape.join() !== this.current.shape.join()) {
      throw new ShapeError(
        `EmbeddingQueue.restore: rows must have shape [${this.current.shape}]. Received: rows=[${rows.shape}].`,
      );
    }
    this.replace(rows.clone());
  }

  /** Disposes of the contents. A second call does nothing. */
  dispose(): void {
    this.current.dispose();
  }

  private replace(rows: Tensor2D): void {
    this.current.dispose();
    this.current = keep(rows);
  }
}
