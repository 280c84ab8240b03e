import { checkKeys } from '../errors/check-keys.js';
import { checkInteger } from '../errors/checks.js';
import { type BatchRandom, type RandomGenerator, randomGenerator } from './random-generator.js';

/** The values that determine the draws of {@link batchRandom}. */
export interface BatchRandomOptions {
  /** Integer >= 0. */
  seed: number;
  /** The pass over the data, counted from 0. */
  epoch: number;
  /** For each row of the batch, the number of its picture in the data set. */
  indices: ArrayLike<number>;
  /** Which view of the picture: 0, 1, ... */
  view: number;
}

class PictureRandom implements BatchRandom {
  constructor(
    private readonly base: RandomGenerator,
    private readonly indices: ArrayLike<number>,
    private readonly view: number,
    private readonly path: readonly number[],
  ) {}

  row(row: number): RandomGenerator {
    const picture = this.base.fold(this.indices[row]!).fold(this.view);
    return this.path.reduce((random, data) => random.fold(data), picture);
  }

  fold(data: number): BatchRandom {
    return new PictureRandom(this.base, this.indices, this.view, [...this.path, data]);
  }
}

/**
 * Streams for a batch whose draws are a function of (seed, epoch, sample index, view): the same picture gets the
 * same view whatever the batch size, order, backend, worker, or resume.
 *
 * @example
 * const random = batchRandom({ seed: 1, epoch: 0, indices: [7, 3], view: 0 });
 * const parameters = gaussianBlur().sample(2, random);
 */
export function batchRandom(options: BatchRandomOptions): BatchRandom {
  checkKeys('batchRandom', options, { seed: 1, epoch: 1, indices: 1, view: 1 });
  const { seed, epoch, indices, view } = options;
  checkInteger('batchRandom', 'epoch', epoch, 0);
  checkInteger('batchRandom', 'view', view, 0);
  return new PictureRandom(randomGenerator(seed).fold(epoch), indices, view, []);
}
