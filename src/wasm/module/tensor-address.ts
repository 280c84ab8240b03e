import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend, type TensorInfo, util } from '@tensorflow/tfjs-core';

/** Address of a tensor's first value in the backend's memory. */
export function addressOf({ dataId }: Pick<TensorInfo, 'dataId'>): number {
  return (backend() as BackendWasm).dataIdMap.get(dataId).memoryOffset;
}

/** A new, uninitialized float32 tensor. @throws when a size is negative: memory would be written that is another's. */
export function makeOutput(shape: number[]): TensorInfo {
  if (shape.some((size) => size < 0)) {
    throw new Error(`simclr-ts/wasm: shapes must not be negative. Received: [${shape}].`);
  }
  return (backend() as BackendWasm).makeOutput(shape, 'float32');
}

/** A new float32 tensor filled with a value. */
export function makeFilled(shape: number[], value: number): TensorInfo {
  const output = makeOutput(shape);
  (backend() as BackendWasm).typedArrayFromHeap(output).fill(value);
  return output;
}

/** Whether a tensor has no values: one of its axes has size 0. */
export function isEmpty({ shape }: Pick<TensorInfo, 'shape'>): boolean {
  return util.sizeFromShape(shape) === 0;
}
