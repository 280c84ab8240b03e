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

/** A tensor, and where its values lie. */
export interface SharedTensorInfo extends TensorInfo {
  /** In memory that threads share; left out where it is not. */
  bytes?: Uint8Array<SharedArrayBuffer>;
}

/** The backend that holds the data of a tensor: after a change of backends they stay where they were until used. */
export function backendOf({ dataId }: Pick<Tensor, 'dataId'>): KernelBackend | undefined {
  return engine().state.tensorInfo.get(dataId)?.backend;
}

/**
 * The values of a tensor where they are, for other threads to read as long as the tensor is not disposed of: no copy.
 *
 * @returns `undefined` where the backend's memory is not shared.
 */
export function sharedBytesOf(tensor: Tensor): Uint8Array<SharedArrayBuffer> | undefined {
  const backend = backendOf(tensor);
  const read: KernelFunc | undefined = getKernel(sharedBytes, engine().backendName)?.kernelFunc;
  if (read === undefined || backend !== engine().backend || tensor.size === 0) return undefined;
  return (read({ inputs: { x: tensor }, backend }) as SharedTensorInfo).bytes;
}
