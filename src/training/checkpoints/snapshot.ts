import { io, type Tensor, type TypedArray } from '@tensorflow/tfjs-core';
import type { NamedTensor } from '../../optimizers/index.js';
import { clonesOf } from '../../tensors/clones-of.js';
import { backendOf, sharedBytesOf } from '../../tensors/shared-bytes.js';
import type { TrainerCore } from '../step/trainer-core.js';
import { captureExtraState } from './extra-state.js';
import { byteOrder, checkJson, format, formatVersion, type Metadata, type Topologies } from './format.js';
import { captureAverage, trainedWeights } from './saved-average.js';
import { captureLoss } from './saved-loss.js';
import { describeOptimizer } from './saved-optimizer.js';
import { captureReadout } from './saved-readout.js';
import { describeOptions } from './trainer-settings.js';

/** A checkpoint before its tensors are read: the state of one moment. */
export interface Snapshot {
  metadata: Metadata;
  topology: Topologies;
  /** Clones. The caller disposes them. */
  tensors: NamedTensor[];
}

/**
 * Collects what a checkpoint holds. Up to the first await, and with optimizers of this library to the end, everything is of
 * one moment: training may continue meanwhile. Nothing is copied, because a clone shares its data.
 */
export async function takeSnapshot(core: TrainerCore): Promise<Snapshot> {
  const tensors = clonesOf(() =>
    [...trainedWeights(core)].map(([name, weight]): NamedTensor => ({ name, tensor: weight.clone() })),
  );
  try {
    const { tensors: lossTensors, ...loss } = captureLoss(core.loss);
    tensors.push(...lossTensors);
    const { tensors: readoutTensors, ...readout } = captureReadout(core);
    tensors.push(...readoutTensors);
    const { tensors: averageTensors, ...average } = captureAverage(core);
    tensors.push(...averageTensors);
    const extra = captureExtraState(core.extraState);
    tensors.push(...extra.tensors);
    const description = {
      ...describeOptions(core),
      progress: { ...core.progress },
      byteOrder,
      fit: core.lastFit ?? null,
      extraState: extra.json,
      ...loss,
      ...readout,
      ...average,
    };
    const topology: Topologies = {
      encoder: core.encoder.toJSON(null, false) as object,
      projectionHead: core.projectionHead.toJSON(null, false) as object,
    };
    const optimizer = await describeOptimizer(core);
    tensors.push(...optimizer.tensors);
    const metadata = { ...description, optimizer: optimizer.description };
    for (const [name, part] of Object.entries({ ...metadata, ...topology }))
      checkJson('SimCLR.save', name, part);
    return { metadata, topology, tensors };
  } catch (error) {
    for (const { tensor } of tensors) tensor.dispose();
    throw error;
  }
}

/** The values of one tensor: a buffer of their own, or the backend's memory where other threads can read it. */
export type TensorBytes = ArrayBuffer | Uint8Array<SharedArrayBuffer>;

/** What IO handlers save, with the bytes of each tensor. */
export type SnapshotArtifacts<Bytes extends TensorBytes> = Omit<io.ModelArtifacts, 'weightData'> & {
  weightData: Bytes[];
  weightSpecs: io.WeightsManifestEntry[];
};

/** Below this size, a copy costs less than sharing. */
const bytesWorthSharing = 2 ** 16;

/** The snapshot with shared memory where the backend allows it: keep the tensors until it is written. */
export function readSharedSnapshot(snapshot: Snapshot): Promise<SnapshotArtifacts<TensorBytes>> {
  return read(snapshot, (tensor) =>
    4 * tensor.size < bytesWorthSharing ? undefined : sharedBytesOf(tensor),
  );
}

/** The snapshot with a buffer of its own for each tensor. */
export function readSnapshot(snapshot: Snapshot): Promise<SnapshotArtifacts<ArrayBuffer>> {
  return read(snapshot, () => undefined) as Promise<SnapshotArtifacts<ArrayBuffer>>;
}

async function read(
  snapshot: Snapshot,
  share: (tensor: Tensor) => TensorBytes | undefined,
): Promise<SnapshotArtifacts<TensorBytes>> {
  const weightData: TensorBytes[] = [];
  const copies = new Map<unknown, boolean>();
  const bySize = [...snapshot.tensors].sort((a, b) => a.tensor.size - b.tensor.size);
  for (const { tensor } of bySize) {
    const backend = backendOf(tensor);
    if (!copies.has(backend)) copies.set(backend, await readsAreCopies(tensor));
  }
  for (const { tensor } of snapshot.tensors) {
    const shared = share(tensor);
    if (shared !== undefined) {
      weightData.push(shared);
      continue;
    }
    const values = (await tensor.data()) as TypedArray;
    const whole = values.byteLength === values.buffer.byteLength;
    const own = whole && copies.get(backendOf(tensor)) ? values : values.slice();
    weightData.push(own.buffer as ArrayBuffer);
  }
  return {
    modelTopology: snapshot.topology,
    weightSpecs: snapshot.tensors.map(({ name, tensor }) => ({
      name,
      shape: tensor.shape,
      dtype: tensor.dtype as 'float32',
    })),
    weightData,
    format,
    generatedBy: `simclr-ts format ${formatVersion}`,
    userDefinedMetadata: snapshot.metadata as unknown as NonNullable<
      io.ModelArtifacts['userDefinedMetadata']
    >,
  };
}

/** Some backends (wasm) give a copy of their memory, others (cpu) the very array that they compute with. */
async function readsAreCopies(tensor: Tensor): Promise<boolean> {
  const [first, second] = [await tensor.data(), await tensor.data()];
  return first !== second;
}

/** One buffer of several, for handlers that expect one. */
export function joinBuffers(buffers: readonly ArrayBuffer[]): ArrayBuffer {
  return io.CompositeArrayBuffer.join([...buffers]);
}
