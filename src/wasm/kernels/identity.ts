import type { KernelBackend, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

/**
 * A second reference to the same data. tfjs's own kernel copies, and tfjs calls it for every tensor that the backward pass
 * needs: a copy of most activations.
 */
export const identity: KernelFunc = ({ inputs, backend }) => {
  const { dataId, shape, dtype } = inputs.x as TensorInfo;
  (backend as KernelBackend).incRef(dataId);
  return { dataId, shape, dtype };
};
