import { type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { SharedTensorInfo } from '../../tensors/shared-bytes.js';
import { kernelModule } from './kernel-module.js';
import { addressOf } from './tensor-address.js';

/** SimCLRSharedBytes: see src/tensors/shared-bytes.ts. */
export const sharedBytesOfTensor: KernelFunc = ({ inputs }): SharedTensorInfo => {
  const { dataId, shape, dtype } = inputs.x as TensorInfo;
  const length = util.sizeFromShape(shape) * util.bytesPerElement(dtype);
  const bytes = kernelModule().sharedBytes(addressOf({ dataId }), length);
  return { dataId, shape, dtype, ...(bytes && { bytes }) };
};
