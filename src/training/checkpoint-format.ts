import type { io } from '@tensorflow/tfjs-core';
import type { NormalizeOptions, TransformConfig } from '../augmentations/index.js';
import { CheckpointError } from '../errors/errors.js';
import type { LossConfig } from '../losses/index.js';
import type { OptimizerDescription } from './optimizer-state.js';
import type { TrainingProgress } from './options.js';

/** Tells our checkpoints from other files of tfjs. */
export const format = 'simclr-ts';

/** Raised whenever older versions could not read what is written. */
export const formatVersion = 1;

/** What a checkpoint says besides topologies and weights. */
export interface Metadata {
  formatVersion: number;
  temperature: number;
  viewBatching: 'joint' | 'separate';
  seed: number;
  normalization: NormalizeOptions | null;
  augmentation: TransformConfig | TransformConfig[] | null;
  /** Left out by the first version, which made two. */
  views?: number;
  customLoss: boolean;
  /** The loss where it is of this library; left out by the first version, which had NT-Xent or a function. */
  loss?: LossConfig | null;
  optimizer: OptimizerDescription;
  progress: TrainingProgress;
}

/** The models of a checkpoint. */
export interface Topologies {
  encoder: object;
  projectionHead: object;
}

/** What a checkpoint holds, checked. */
export interface Checkpoint {
  metadata: Metadata;
  topology: Topologies;
  weightData: io.WeightData;
  weightSpecs: io.WeightsManifestEntry[];
}

/** @throws {@link CheckpointError} unless `artifacts` are what `SimCLR.save` writes, whole and of this version. */
export function checkCheckpoint(artifacts: io.ModelArtifacts): Checkpoint {
  const metadata = artifacts.userDefinedMetadata as Metadata | undefined;
  if (artifacts.format !== format || !metadata) {
    throw new CheckpointError(
      `SimCLR.load: source must hold what SimCLR.save wrote. Received: format=${JSON.stringify(artifacts.format)}.`,
    );
  }
  if (metadata.formatVersion !== formatVersion) {
    throw new CheckpointError(
      `SimCLR.load: source must be of format ${formatVersion}, which this version reads. Received: formatVersion=${metadata.formatVersion}.`,
    );
  }
  const topology = artifacts.modelTopology as Topologies | undefined;
  const { weightData, weightSpecs } = artifacts;
  for (const [part, value] of Object.entries({
    'the encoder': topology?.encoder,
    'the projection head': topology?.projectionHead,
    'the optimizer': metadata.optimizer,
    'the progress': metadata.progress,
    weights: weightData && weightSpecs,
  })) {
    if (!value) {
      throw new CheckpointError(`SimCLR.load: source must be whole. Received: a checkpoint without ${part}.`);
    }
  }
  checkLength(weightData!, weightSpecs!);
  return { metadata, topology: topology!, weightData: weightData!, weightSpecs: weightSpecs! };
}

const bytesOfType: Partial<Record<string, number>> = { float32: 4, int32: 4, bool: 1 };

function specBytes({ shape, dtype }: io.WeightsManifestEntry): number {
  return shape.reduce((product, size) => product * size, bytesOfType[dtype] ?? Number.NaN);
}

function checkLength(weightData: io.WeightData, specs: io.WeightsManifestEntry[]): void {
  const expected = specs.reduce((sum, spec) => sum + specBytes(spec), 0);
  const buffers = Array.isArray(weightData) ? weightData : [weightData];
  const actual = buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
  if (actual !== expected) {
    throw new CheckpointError(
      `SimCLR.load: source must be whole, with ${expected} bytes of weights. Received: ${actual} bytes.`,
    );
  }
}

/**
 * Looks for NaN and infinities before anything is written: they would replace a model that works by one that does
 * not.
 *
 * @throws {@link CheckpointError} naming the first weight that has one.
 */
export function checkFinite(weightData: ArrayBuffer, specs: io.WeightsManifestEntry[]): void {
  let offset = 0;
  for (const spec of specs) {
    const bytes = specBytes(spec);
    if (spec.dtype === 'float32') {
      const aligned = offset % 4 === 0;
      const values = aligned
        ? new Float32Array(weightData, offset, bytes / 4)
        : new Float32Array(weightData.slice(offset, offset + bytes));
      const index = values.findIndex((value) => !Number.isFinite(value));
      if (index >= 0) {
        throw new CheckpointError(
          `SimCLR.save: every weight must be finite; training has diverged, and nothing was written. Received: ${spec.name} with ${values[index]}.`,
        );
      }
    }
    offset += bytes;
  }
}
