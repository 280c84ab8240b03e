import { type Tensor4D, tensor1d } from '@tensorflow/tfjs-core';
import { runIfRegistered } from '../../tensors/registered-kernels.js';
import { croppingWeights, type ResamplingWeights } from './resampling-weights.js';

/**
 * A kernel of this library that a backend may register, in place of the plain ops of `resample` and with their
 * results up to rounding. Inputs `images`, and for rows and columns the indices and weights of
 * {@link ResamplingWeights}; attributes `outputHeight`, `outputWidth`, `clips`.
 */
export const fusedResampling = 'SimCLRResample';

/** What to do along each axis. An axis that is left out stays as it is. */
export interface Resampling {
  rows?: ResamplingWeights;
  columns?: ResamplingWeights;
  /**
   * Whether to clip the result to [0, 1].
   *
   * @defaultValue `false`
   */
  clips?: boolean;
}

/** The pictures resampled by the kernel; `undefined` where the backend has none. */
export function resampleFused(images: Tensor4D, resampling: () => Resampling): Tensor4D | undefined {
  return runIfRegistered(fusedResampling, images, () => {
    const [batchSize, height, width] = images.shape;
    const {
      rows = croppingWeights(batchSize, height, height, 0),
      columns = croppingWeights(batchSize, width, width, 0),
      clips = false,
    } = resampling();
    return {
      inputs: {
        images,
        rowIndices: tensor1d(rows.indices, 'int32'),
        rowWeights: tensor1d(rows.weights),
        columnIndices: tensor1d(columns.indices, 'int32'),
        columnWeights: tensor1d(columns.weights),
      },
      attributes: { outputHeight: rows.outputLength, outputWidth: columns.outputLength, clips },
    };
  });
}
