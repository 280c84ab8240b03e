import {
  engine,
  getKernel,
  type KernelBackend,
  type KernelFunc,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';

/**
 * A name under which a backend's entry registers where other threads can read its tensors: its function gives a
 * {@link SharedTensorInfo}. It is called directly, and nothing is computed.
 */
export const sharedBytes = 'SimCLRSharedBytes';

/** A tensor, and the location of its values. */
export interface SharedTensorInfo extends TensorInfo {
  /** Set if threads share the memory. */
  bytes?: Uint8Array<SharedArrayBuffer>;
}

/** The backend that holds the data of a tensor, which stays there after a change of backends until it is used. */
export function backendOf({ dataId }: Pick<Tensor, 'dataId'>): KernelBackend | undefined {
  return engine().state.tensorInfo.get(dataId)?.backend;
}

/**
 * The values of a tensor in place, without a copy. Other threads may read them until the tensor is disposed.
 *
 * @returns `undefined` if the backend's memory is not shared.
 */
export function sharedBytesOf(tensor: Tensor): Uint8Array<SharedArrayBuffer> | undefined {
  const backend = backendOf(tensor);
  const read: KernelFunc | undefined = getKernel(sharedBytes, engine().backendName)?.kernelFunc;
  if (read === undefined || backend !== engine().backend || tensor.size === 0) return undefined;
  return (read({ inputs: { x: tensor }, backend }) as SharedTensorInfo).bytes;
}
