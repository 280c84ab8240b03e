import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, checkNonNegative } from '../../errors/checks.js';

/** Options of {@link linearScaling} and {@link squareRootScaling}. */
export interface LearningRateScalingOptions {
  /** The rate before scaling; a finite number >= 0. The paper's is 0.3 for linear, 0.075 for square-root scaling. */
  baseLearningRate: number;
  /** Images in a batch (of all processes together), each in two views; an integer >= 1. */
  batchSize: number;
}

/**
 * A learning rate proportional to the batch size: `baseLearningRate * batchSize / 256`.
 *
 * @param options - Base rate and batch size.
 * @returns The learning rate.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * linearScaling({ baseLearningRate: 0.3, batchSize: 4096 }); // 4.8
 * @see Chen et al. 2020, arXiv:2002.05709, section 2.2.
 */
export function linearScaling(options: LearningRateScalingOptions): number {
  checkKeys('linearScaling', options, { baseLearningRate: 1, batchSize: 1 });
  const { baseLearningRate, batchSize } = options;

  checkNonNegative('linearScaling', 'baseLearningRate', baseLearningRate);
  checkInteger('linearScaling', 'batchSize', batchSize);
  return (baseLearningRate * batchSize) / 256;
}

/**
 * A learning rate that grows with the square root of the batch size: `baseLearningRate * sqrt(batchSize)`. Better than
 * the linear rule for small batches and short runs; at 4096 images, 0.075 gives what 0.3 gives linearly.
 *
 * @param options - Base rate and batch size.
 * @returns The learning rate.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * squareRootScaling({ baseLearningRate: 0.075, batchSize: 256 }); // 1.2
 * @see Chen et al. 2020, arXiv:2002.05709, appendix B.1.
 */
export function squareRootScaling(options: LearningRateScalingOptions): number {
  checkKeys('squareRootScaling', options, { baseLearningRate: 1, batchSize: 1 });
  const { baseLearningRate, batchSize } = options;

  checkNonNegative('squareRootScaling', 'baseLearningRate', baseLearningRate);
  checkInteger('squareRootScaling', 'batchSize', batchSize);
  return baseLearningRate * Math.sqrt(batchSize);
}
