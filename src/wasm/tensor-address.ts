import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend, type TensorInfo } from '@tensorflow/tfjs-core';

/** Address of a tensor's first value in the backend's memory. */
export function addressOf({ dataId }: Pick<TensorInfo, 'dataId'>): number {
  return (backend() as BackendWasm).dataIdMap.get(dataId).memoryOffset;
}

/** A new float32 tensor whose values are undefined. */
export function makeOutput(shape: number[]): TensorInfo {
  return (backend() as BackendWasm).makeOutput(shape, 'float32');
}
