import { io, type Tensor, type TypedArray } from '@tensorflow/tfjs-core';
import { allWeights } from '../../models/named-weights.js';
import { clonesOf } from '../../tensors/clones-of.js';
import { backendOf, sharedBytesOf } from '../../tensors/shared-bytes.js';
import type { SimCLR } from '../simclr.js';
import { captureExtraState } from './extra-state.js';
import { byteOrder, checkJson, format, formatVersion, type Metadata, type Topologies } from './format.js';
import { lossState } from './loss-state.js';
import { describeOptimizer, type NamedTensor } from './optimizer-state.js';
import { type TrainerRecipe, trainerRecipe } from './run-settings.js';

/** A checkpoint before its tensors are read: the state of one moment. */
export interface Snapshot {
  metadata: Metadata;
  topology: Topologies;
  /** Clones. The caller disposes them. */
  tensors: NamedTensor[];
}

function describeOptions(simclr: SimCLR) {
  const { viewBatching, seed, normalization } = simclr;
  const { config } = simclr.loss;
  const loss = { customLoss: config === undefined, loss: config ?? null };
  return { formatVersion, viewBatching, seed, normalization, ...describeViews(simclr), ...loss };
}

/** One transform that makes all views, or one for each; `null` where one of them is not of this library. */
function describeViews({ augmentations }: SimCLR): Pick<Metadata, 'augmentation' | 'views'> {
  const configs = augmentations.map(({ config }) => config);
  const known = configs.filter((config) => config !== undefined);
  const isKnown = configs.length > 0 && known.length === configs.length;
  if (new Set(augmentations).size === 1) {
    return { augmentation: isKnown ? known[0]! : null, views: configs.length };
  }
  return { augmentation: isKnown ? known : null };
}

/** The recipe of a trainer as it is now. */
export function presentRecipe(simclr: SimCLR): TrainerRecipe {
  const { optimizer, extraState } = simclr;
  return trainerRecipe({
    ...describeOptions(simclr),
    optimizer: { className: optimizer.getClassName(), config: optimizer.getConfig(), step: 0, variables: {} },
    extraState,
  });
}

/**
 * Takes down what a checkpoint holds. Up to the first await, and with optimizers of this library to the end, all is of
 * one moment: training may go on meanwhile. Nothing is copied, for a clone shares its data.
 */
export async function takeSnapshot(simclr: SimCLR): Promise<Snapshot> {
  const tensors = clonesOf(() =>
    [...allWeights(simclr)].map(([name, weight]): NamedTensor => ({ name, tensor: weight.read().clone() })),
  );
  try {
    tensors.push(...lossState(simclr.loss));
    const extra = captureExtraState(simclr.extraState);
    tensors.push(...extra.tensors);
    const description = {
      ...describeOptions(simclr),
      progress: { ...simclr.progress },
      byteOrder,
      fit: simclr.lastFit ?? null,
      extraState: extra.json,
    };
    const topology: Topologies = {
      encoder: simclr.encoder.toJSON(null, false) as object,
      projectionHead: simclr.projectionHead.toJSON(null, false) as object,
    };
    const optimizer = await describeOptimizer(simclr);
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

/** Below this a copy costs less than to speak of it. */
const bytesWorthSharing = 2 ** 16;

/** The snapshot without copies where there need be none: the tensors must stay until it is written. */
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
