import { type DataId, engine, io, type Tensor, type TypedArray } from '@tensorflow/tfjs-core';
import { byteOrder, format, formatVersion, type Metadata, type Topologies } from './checkpoint-format.js';
import { captureExtraState } from './extra-state.js';
import { lossState } from './loss-state.js';
import { allWeights } from './named-weights.js';
import { describeOptimizer, type NamedTensor } from './optimizer-state.js';
import { type TrainerRecipe, trainerRecipe } from './recipe.js';
import type { SimCLR } from './simclr.js';

/** A checkpoint before its tensors are read: the state of one moment. */
export interface Snapshot {
  metadata: Metadata;
  topology: Topologies;
  /** Clones. The caller disposes them. */
  tensors: NamedTensor[];
}

function describeOptions(simclr: SimCLR) {
  const { temperature, viewBatching, seed, normalization } = simclr;
  const { config } = simclr.loss;
  const loss = { customLoss: config === undefined, loss: config ?? null };
  return { formatVersion, temperature, viewBatching, seed, normalization, ...describeViews(simclr), ...loss };
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
  const tensors = [...allWeights(simclr)].map(
    ([name, weight]): NamedTensor => ({ name, tensor: weight.read().clone() }),
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
    return { metadata: { ...description, optimizer: optimizer.description }, topology, tensors };
  } catch (error) {
    for (const { tensor } of tensors) tensor.dispose();
    throw error;
  }
}

/** What IO handlers save of a snapshot, with a buffer of its own for each tensor. */
export async function readSnapshot(
  snapshot: Snapshot,
): Promise<io.ModelArtifacts & { weightData: ArrayBuffer[]; weightSpecs: io.WeightsManifestEntry[] }> {
  const weightData: ArrayBuffer[] = [];
  const copies = new Map<unknown, boolean>();
  const bySize = [...snapshot.tensors].sort((a, b) => a.tensor.size - b.tensor.size);
  for (const { tensor } of bySize) {
    const backend = backendOf(tensor.dataId);
    if (!copies.has(backend)) copies.set(backend, await readsAreCopies(tensor));
  }
  for (const { tensor } of snapshot.tensors) {
    const values = (await tensor.data()) as TypedArray;
    const whole = values.byteLength === values.buffer.byteLength;
    const own = whole && copies.get(backendOf(tensor.dataId)) ? values : values.slice();
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

/** Where the data of a tensor are: after a change of backends they stay where they were until they are used. */
function backendOf(dataId: DataId): unknown {
  return engine().state.tensorInfo.get(dataId)?.backend;
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
