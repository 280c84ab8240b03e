import type { io } from '@tensorflow/tfjs-core';
import { upgradeTransformConfig } from '../../augmentations/transform-from-config.js';
import { describeValue, isObject, shorten } from '../../errors/checks.js';
import { CheckpointError } from '../../errors/errors.js';
import type { LossConfig } from '../../losses/index.js';
import { upgradeOptimizerConfig } from '../../optimizers/config.js';
import type { FitSettings, TrainerSettings } from '../run-settings.js';
import type { TrainingProgress } from '../trainer.js';
import type { SavedAverage } from './saved-average.js';
import type { OptimizerDescription } from './saved-optimizer.js';
import type { SavedReadout } from './saved-readout.js';

/** Tells our checkpoints from other files of tfjs. */
export const format = 'simclr-ts';

/**
 * Raised whenever older versions could not read what is written. Version 2 added `byteOrder`, `fit` and `extraState`;
 * version 3 renamed options of optimizers and augmentations; version 4 added `readout`, version 5 `projectFrom`. All of them
 * are read.
 */
export const formatVersion = 5;

/** What a checkpoint says besides topologies and weights. */
export interface Metadata extends Omit<TrainerSettings, 'optimizer' | 'extraState'> {
  formatVersion: number;
  optimizer: OptimizerDescription;
  progress: Omit<TrainingProgress, 'seconds'> & Partial<Pick<TrainingProgress, 'seconds'>>;
  /** Order of the bytes of the weights. */
  byteOrder: 'little' | 'big';
  /** Settings of the last `fit`; `null` before the first and in files of version 1. */
  fit: FitSettings | null;
  /** JSON of each extra state by its name; their tensors are among the weights. */
  extraState: Record<string, unknown>;
  /** JSON of the loss's state, left out if it has none; its tensors are among the weights. */
  lossJson?: unknown;
  /** The read-out, left out if there is none; its tensors are among the weights. */
  readout?: SavedReadout;
  /** The average of the weights, left out if there is none. */
  average?: SavedAverage;
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

/** Order of bytes of this machine. */
export const byteOrder: 'little' | 'big' =
  new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 'little' : 'big';

function fail(expectation: string, received: string): never {
  throw new CheckpointError(`SimCLR.load: source must ${expectation}. Received: ${shorten(received)}.`);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** @throws {@link CheckpointError} unless `artifacts` are what `SimCLR.save` writes, whole and of a version known here. */
export function checkCheckpoint(artifacts: io.ModelArtifacts): Checkpoint {
  const saved = artifacts?.userDefinedMetadata as Partial<Metadata> | undefined;
  if (artifacts?.format !== format || !isObject(saved)) {
    fail('hold what SimCLR.save wrote', `format=${JSON.stringify(artifacts?.format)}`);
  }
  const known = Number.isInteger(saved.formatVersion) && saved.formatVersion! >= 1;
  if (!known || saved.formatVersion! > formatVersion) {
    fail(
      `be of format 1 to ${formatVersion}, which this version reads`,
      `formatVersion=${describeValue(saved.formatVersion)}`,
    );
  }
  const metadata = {
    byteOrder: 'little',
    fit: null,
    extraState: {},
    projectFrom: null,
    ...saved,
  } as Metadata;
  // The first version had NT-Xent or a function, and the temperature beside it.
  const { temperature } = saved as { temperature?: number };
  if (metadata.loss === undefined) {
    metadata.loss = metadata.customLoss ? null : ({ name: 'ntXent', temperature } as LossConfig);
  }
  const topology = artifacts.modelTopology as Topologies | undefined;
  const { weightData, weightSpecs } = artifacts;
  for (const [part, value] of Object.entries({
    'the encoder': topology?.encoder,
    'the projection head': topology?.projectionHead,
    'the optimizer': metadata.optimizer,
    'the progress': metadata.progress,
    'extra states': metadata.extraState,
  })) {
    if (!isObject(value)) fail('be whole', `a checkpoint without ${part}`);
  }
  if (!weightData || !Array.isArray(weightSpecs)) fail('be whole', 'a checkpoint without weights');
  if (metadata.byteOrder !== byteOrder) {
    fail(
      `hold weights in this machine's order of bytes, ${byteOrder}`,
      `byteOrder=${describeValue(metadata.byteOrder)}`,
    );
  }
  checkMetadata(metadata);
  checkSpecs(weightSpecs);
  checkLength(weightData, weightSpecs);
  return { metadata: upgrade(metadata), topology: topology!, weightData, weightSpecs };
}

/** Optimizer and augmentation with the names of this version's options. */
function upgrade(metadata: Metadata): Metadata {
  const { augmentation, optimizer } = metadata;
  return {
    ...metadata,
    // Files of earlier versions were trained without an average and schedules.
    fit:
      metadata.fit &&
      ({ averageWeights: null, schedules: null, ...(metadata.fit as Partial<FitSettings>) } as FitSettings),
    augmentation: Array.isArray(augmentation)
      ? augmentation.map(upgradeTransformConfig)
      : augmentation && upgradeTransformConfig(augmentation),
    optimizer: { ...optimizer, config: upgradeOptimizerConfig(optimizer.config) },
  };
}

/** What would otherwise go wrong far from here; the options proper are checked where a trainer is made of them. */
function checkMetadata({ progress, optimizer, fit, customLoss, loss }: Metadata): void {
  for (const name of ['step', 'epoch', 'batch'] as const) {
    if (!isCount(progress[name])) {
      fail('count its progress in integers >= 0', `${name}=${describeValue(progress[name])}`);
    }
  }
  const { seconds = 0 } = progress;
  if (!(Number.isFinite(seconds) && seconds >= 0)) {
    fail('hold the seconds of training as a number >= 0', `seconds=${describeValue(seconds)}`);
  }
  const { className, config, step, variables } = optimizer;
  if (typeof className !== 'string' || !isObject(config) || !isCount(step) || !isObject(variables)) {
    fail('describe its optimizer by className, config, step and variables', describeValue(optimizer));
  }
  for (const [name, variable] of Object.entries(variables)) {
    if (!isObject(variable) || !isCount(variable.step) || !isShape(variable.shape)) {
      fail("give each of the optimizer's variables a step and a shape", `variables[${JSON.stringify(name)}]`);
    }
  }
  if (fit !== null && !isObject(fit)) fail('hold the recipe of fit, or null', `fit=${describeValue(fit)}`);
  if (fit !== null) checkFit(fit);
  if (typeof customLoss !== 'boolean') {
    fail('say whether its loss was of your own', `customLoss=${describeValue(customLoss)}`);
  }
  if (loss === null && !customLoss) fail('name its loss', 'loss=null');
}

function checkFit({ batchSize, microBatchSize, shuffle, datasetSize }: FitSettings): void {
  for (const [name, value] of Object.entries({ microBatchSize, datasetSize })) {
    if (value !== null && !isCount(value))
      fail('hold counts of pictures', `fit.${name}=${describeValue(value)}`);
  }
  if (!isCount(batchSize)) fail('hold counts of pictures', `fit.batchSize=${describeValue(batchSize)}`);
  if (typeof shuffle !== 'boolean') fail('say whether fit shuffled', `fit.shuffle=${describeValue(shuffle)}`);
}

/**
 * Looks for NaN and infinite numbers in what is saved as JSON, which would make null of them.
 *
 * @throws {@link CheckpointError} naming the first.
 */
export function checkJson(caller: string, path: string, value: unknown): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new CheckpointError(
      `${caller}: numbers beside the weights must be finite, because JSON makes null of others; nothing was written. Received: ${path}=${value}.`,
    );
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) checkJson(caller, `${path}.${key}`, inner);
}

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.every(isCount);
}

const bytesOfType: Partial<Record<string, number>> = { float32: 4, int32: 4, bool: 1 };

function checkSpecs(specs: io.WeightsManifestEntry[]): void {
  const names = new Set<string>();
  for (const spec of specs) {
    const known = isObject(spec) && typeof spec.name === 'string' && Object.hasOwn(bytesOfType, spec.dtype);
    if (!known || !isShape(spec.shape) || spec.quantization || names.has(spec.name)) {
      fail(
        'name each weight once, with a shape and a type float32, int32 or bool',
        isObject(spec) ? JSON.stringify(spec) : describeValue(spec),
      );
    }
    names.add(spec.name);
  }
}

/** Bytes of one tensor. */
export function specBytes({ shape, dtype }: io.WeightsManifestEntry): number {
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
 * Looks for layers of tfjs and of this library that no saved weight can be of, before memory is taken for them: every
 * size that such a layer has is also the length of an axis of one of its weights. And for initializers whose making would
 * not end. The configuration of the user's own layers is not checked.
 *
 * @throws {@link CheckpointError} naming the first.
 */
export function checkLayerSizes(topology: Topologies, specs: io.WeightsManifestEntry[]): void {
  const longest = specs.reduce((most, { shape }) => Math.max(most, ...shape), 1);
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { class_name, className = class_name, config } = value as Record<string, unknown>;
    if (typeof className === 'string' && isObject(config)) {
      for (const [key, inner] of Object.entries(config)) {
        if (sizedLayers.has(className) && sizeKeys.has(key)) checkSize(key, inner, longest);
        if (initializers.has(className) && initializerKeys.has(key)) checkInitializer(key, inner);
      }
    }
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(topology);
}

function checkSize(key: string, value: unknown, longest: number): void {
  const sizes: unknown[] = Array.isArray(value) ? value : [value];
  const wrong = sizes.find((size) => typeof size === 'number' && !(size >= 0 && size <= longest));
  if (wrong === undefined) return;
  fail(`hold layers that fit its weights, with sizes up to ${longest}`, `${key}=${String(wrong)}`);
}

function checkInitializer(key: string, value: unknown): void {
  const isNumber = value === null || value === undefined || (typeof value === 'number' && value >= -1e9);
  if (isNumber && !(key === 'stddev' && Number(value) < 0)) return;
  fail('hold initializers with finite numbers', `${key}=${describeValue(value)}`);
}

/** Layers whose sizes are those of their weights. */
const sizedLayers = new Set([
  ...['Dense', 'Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose', 'Conv3DTranspose', 'SeparableConv2D'],
  ...['DepthwiseConv2D', 'Embedding', 'SimpleRNN', 'SimpleRNNCell', 'GRU', 'GRUCell', 'LSTM', 'LSTMCell'],
  ...['ConvLSTM2D', 'ConvLSTM2DCell', 'SimCLRPaddedConv2D', 'SimCLRPaddedMaxPooling2D'],
]);

const initializers = new Set([
  ...['Constant', 'RandomUniform', 'RandomNormal', 'TruncatedNormal', 'Identity', 'Orthogonal'],
  ...[
    'VarianceScaling',
    'GlorotUniform',
    'GlorotNormal',
    'HeNormal',
    'HeUniform',
    'LeCunNormal',
    'LeCunUniform',
  ],
  'SimCLRSeededInitializer',
]);

/** Numbers of initializers: tfjs draws from a truncated distribution until a value fits, without end where none can. */
const initializerKeys = new Set(['scale', 'mean', 'stddev', 'minval', 'maxval', 'gain']);

const sizeKeys = new Set(
  ['units', 'filters', 'kernelSize', 'inputDim', 'outputDim', 'depthMultiplier'].flatMap((name) => [
    name,
    name.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`),
  ]),
);

/** The error for a weight that is NaN or infinite. */
export function nonFiniteWeight(name: string, value: number): CheckpointError {
  return new CheckpointError(
    `SimCLR.save: every weight must be finite; training has diverged, and nothing was written. Received: ${name} with ${value}.`,
  );
}

/**
 * Looks for NaN and infinities before anything is written: they would replace a model that works by one that does
 * not.
 *
 * @param buffers - One for each tensor.
 * @throws {@link CheckpointError} naming the first weight that has one.
 */
export function checkFinite(
  buffers: readonly ArrayBuffer[],
  specs: readonly io.WeightsManifestEntry[],
): void {
  for (const [index, { name, dtype }] of specs.entries()) {
    if (dtype !== 'float32') continue;
    const values = new Float32Array(buffers[index]!);
    // 0 times anything else is 0: one loop without a branch, several times as fast as a search.
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
    if (sum !== 0) throw nonFiniteWeight(name, values.find((value) => !Number.isFinite(value))!);
  }
}
