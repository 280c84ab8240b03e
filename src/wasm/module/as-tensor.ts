import { engine, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';

/**
 * The tensor behind what a kernel is handed, for use in the ops that compose it. It counts as one more reference
 * to the data: without that, the end of the kernel's `tidy` would free its caller's tensor.
 */
export function asTensor<T extends Tensor>(info: TensorInfo): T {
  engine().backend.incRef(info.dataId);
  return engine().makeTensorFromTensorInfo(info) as T;
}
