import { engine, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';

/**
 * A tensor for one of a kernel's inputs, so that the kernel can call ops on it. It is another reference to the data: without
 * that, the kernel's `tidy` would free the caller's tensor.
 */
export function asTensor<T extends Tensor>(info: TensorInfo): T {
  engine().backend.incRef(info.dataId);
  return ownTensor(info);
}

/** A tensor for what the kernel itself has made: the only reference to the data. */
export function ownTensor<T extends Tensor>(info: TensorInfo): T {
  return engine().makeTensorFromTensorInfo(info) as T;
}
