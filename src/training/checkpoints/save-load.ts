import { io, type NamedTensorMap, type Optimizer, type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { transformFromConfig } from '../../augmentations/index.js';
import { isOfThisLibrary } from '../../augmentations/transform-from-config.js';
import { unlessLost } from '../../backend/lost-device.js';
import { asBackendError } from '../../errors/backend-failure.js';
import { checkKeys } from '../../errors/check-keys.js';
import { shorten } from '../../errors/checks.js';
import { CheckpointError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import type { LossConfig } from '../../losses/index.js';
import { registerLayers } from '../../models/index.js';
import { allWeights } from '../../models/named-weights.js';
import { optimizerFromConfig } from '../../optimizers/index.js';
import { temperatureOf } from '../options/loss-option.js';
import { checkMade } from '../options/make-parts.js';
import type { SimCLRLoadOptions, SimCLROptions } from '../options/simclr-options.js';
import type { SimCLR } from '../simclr.js';
import { checkTopology } from './check-topology.js';
import { isExtraTensor, restoreExtraState } from './extra-state.js';
import { type Checkpoint, checkCheckpoint, checkFinite, checkLayerSizes, type Metadata } from './format.js';
import { restoreLoss } from './loss-state.js';
import { type OptimizerDescription, restoreOptimizer } from './optimizer-state.js';
import { trainerRecipe } from './run-settings.js';
import {
  joinBuffers,
  readSharedSnapshot,
  readSnapshot,
  type Snapshot,
  type SnapshotArtifacts,
  type TensorBytes,
  takeSnapshot,
} from './snapshot.js';

/** A handler that may keep the buffers it is given: it writes them while training goes on, and no copy is made. */
export interface OwningHandler extends io.IOHandler {
  /**
   * Saves artifacts that are not yet searched for NaN, with the bytes of each tensor. Buffers are no longer the caller's;
   * views of shared memory stay as they are until the promise settles.
   */
  saveOwned?(artifacts: SnapshotArtifacts<TensorBytes>): Promise<io.SaveResult>;
}

/** The text behind `SimCLR.save`. */
export async function saveSimCLR(simclr: SimCLR, target: io.IOHandler | string): Promise<io.SaveResult> {
  simclr.checkUsable('SimCLR.save');
  const handler: OwningHandler | undefined =
    typeof target === 'string' ? io.getSaveHandlers(target)[0] : target;
  if (!handler?.save) {
    throw new CheckpointError(
      `SimCLR.save: target must be an IO handler that saves, or the URL of one. Received: target=${String(target)}.`,
    );
  }
  const { unchecked } = simclr;
  const snapshot = await takeSnapshot(simclr);
  let artifacts: SnapshotArtifacts<ArrayBuffer>;
  try {
    await unchecked; // a step whose loss is not known yet may have made the weights useless
    const { step } = snapshot.metadata.progress;
    const read = <T>(from: (snapshot: Snapshot) => Promise<T>) =>
      unlessLost('SimCLR.save', step, () => from(snapshot));
    if (handler.saveOwned) return await handler.saveOwned(await read(readSharedSnapshot));
    artifacts = await read(readSnapshot);
  } finally {
    for (const { tensor } of snapshot.tensors) tensor.dispose();
  }
  checkFinite(artifacts.weightData, artifacts.weightSpecs);
  return handler.save({ ...artifacts, weightData: joinBuffers(artifacts.weightData) });
}

const loadKeys = {
  encoder: 1,
  projectionHead: 1,
  augmentation: 1,
  views: 1,
  normalization: 1,
  temperature: 1,
  loss: 1,
  optimizer: 1,
  viewBatching: 1,
  seed: 1,
  extraState: 1,
} as const;

/** The text behind `SimCLR.load`. */
export async function loadSimCLR(
  Trainer: new (options: SimCLROptions) => SimCLR,
  source: io.IOHandler | string,
  options: SimCLRLoadOptions,
): Promise<SimCLR> {
  checkKeys('SimCLR.load', options, loadKeys);
  checkMade(options);
  const handler = typeof source === 'string' ? io.getLoadHandlers(source)[0] : source;
  if (!handler?.load) {
    throw new CheckpointError(
      `SimCLR.load: source must be an IO handler that loads, or the URL of one. Received: source=${String(source)}.`,
    );
  }
  const checkpoint = checkCheckpoint(await handler.load());
  try {
    return await restoreSimCLR(Trainer, checkpoint, options);
  } catch (cause) {
    const error = asBackendError(cause);
    if (isError(error, 'SimCLRError') || error instanceof ForeignError) throw unwrapped(error);
    throw new CheckpointError(
      `SimCLR.load: no trainer can be made of what source holds; is it what SimCLR.save wrote? Received: ${shorten((error as Error).message)}.`,
      { cause },
    );
  }
}

/** An error of the caller's own code, which is not to be taken for damage. */
class ForeignError extends Error {}

function unwrapped(error: Error): unknown {
  return error instanceof ForeignError ? error.cause : error;
}

async function restoreSimCLR(
  Trainer: new (options: SimCLROptions) => SimCLR,
  { metadata, topology, weightData, weightSpecs }: Checkpoint,
  options: SimCLRLoadOptions,
): Promise<SimCLR> {
  const savedOptions = mergedOptions(metadata, options);
  checkLayerSizes(topology, weightSpecs);
  checkTopology(topology.encoder);
  checkTopology(topology.projectionHead);
  registerLayers();
  const made: { dispose(): unknown }[] = options.optimizer ? [] : [savedOptions.optimizer!];
  let tensors: NamedTensorMap = {};
  try {
    const model = async (role: 'encoder' | 'projectionHead') => {
      const given = options[role];
      if (given) return given;
      const loaded = await modelFromTopology(role, topology[role]);
      made.push(loaded);
      return loaded;
    };
    const encoder = await model('encoder');
    const projectionHead = await model('projectionHead');
    tensors = io.decodeWeights(weightData, weightSpecs);
    restoreWeights({ encoder, projectionHead }, tensors);
    const simclr = new Trainer({ ...savedOptions, encoder, projectionHead });
    // Training with other views than before shall not happen unnoticed.
    if (!savedOptions.augmentation) Object.assign(simclr, { augmentation: undefined, augmentations: [] });
    if (simclr.loss !== options.loss) made.push({ dispose: () => simclr.loss.dispose?.() });
    restoreLoss(simclr.loss, metadata.loss ?? null, tensors);
    Object.assign(simclr.progress, metadata.progress);
    if (metadata.fit) simclr.lastFit = metadata.fit;
    simclr.savedRecipe = trainerRecipe(metadata);
    await restoreOptimizer(simclr, metadata.optimizer, tensors);
    await restoreExtraState(simclr.extraState, metadata.extraState, tensors).catch((cause: unknown) => {
      throw isError(cause, 'SimCLRError') ? cause : new ForeignError('', { cause });
    });
    return simclr;
  } catch (error) {
    for (const part of made) part.dispose();
    throw error;
  } finally {
    for (const tensor of Object.values(tensors)) tensor.dispose();
  }
}

/** What the checkpoint says of the constructor's options; `options` says the rest and has the last word. */
function mergedOptions(metadata: Metadata, options: SimCLRLoadOptions): SimCLRLoadOptions {
  const { viewBatching, seed, normalization, optimizer, customLoss, loss, views } = metadata;
  if (customLoss && !options.loss) {
    throw new CheckpointError(
      'SimCLR.load: the saved loss was a function or an object of your own, which no file can hold. Pass it again as { loss }.',
    );
  }
  const augmentation = options.augmentation ?? savedAugmentation(metadata.augmentation);
  return {
    viewBatching,
    seed,
    normalization,
    ...(loss ? { loss: withTemperature(loss, options) } : {}),
    ...(views !== undefined && !Array.isArray(augmentation) ? { views } : {}),
    ...options,
    ...(augmentation ? { augmentation } : {}),
    optimizer: options.optimizer ?? savedOptimizer(optimizer),
  };
}

/** The saved loss; where a temperature is given, with that instead of its own. */
function withTemperature(saved: LossConfig, { temperature }: SimCLRLoadOptions): LossConfig {
  return temperature !== undefined && temperatureOf({ config: saved }) !== undefined
    ? ({ ...saved, temperature } as LossConfig)
    : saved;
}

/** `undefined` where it is not of this library: embedding needs none, and training says so. */
function savedAugmentation(config: Metadata['augmentation']): SimCLRLoadOptions['augmentation'] {
  if (config === null) return undefined;
  const configs = Array.isArray(config) ? config : [config];
  if (!configs.every(isOfThisLibrary)) return undefined;
  try {
    return Array.isArray(config)
      ? config.map((part) => transformFromConfig(part))
      : transformFromConfig(config);
  } catch (error) {
    const cause = asBackendError(error);
    if (isError(cause, 'BackendError')) throw cause;
    throw new CheckpointError(
      `SimCLR.load: the saved augmentation cannot be made. Pass it again as { augmentation }. ${shorten((cause as Error).message)}`,
      { cause },
    );
  }
}

function savedOptimizer({ className, config }: OptimizerDescription): Optimizer {
  try {
    return optimizerFromConfig(config);
  } catch (cause) {
    if (!isError(cause, 'InvalidOptionError')) throw cause;
    throw new CheckpointError(
      `SimCLR.load: the saved optimizer (${className}) cannot be made from the file alone. Pass it again as { optimizer }. ${shorten(cause.message)}`,
      { cause },
    );
  }
}

async function modelFromTopology(role: string, modelTopology: object): Promise<LayersModel> {
  try {
    return await loadLayersModel(io.fromMemory({ modelTopology }));
  } catch (cause) {
    const error = asBackendError(cause);
    if (isError(error, 'SimCLRError')) throw error;
    throw new CheckpointError(
      `SimCLR.load: the saved ${role} cannot be built. Pass it again as { ${role} }, or register its layers with tfjs. ${shorten((cause as Error).message)}`,
      { cause },
    );
  }
}

function restoreWeights(models: Pick<SimCLR, 'encoder' | 'projectionHead'>, tensors: NamedTensorMap): void {
  const weights = allWeights(models);
  const problems: string[] = [];
  for (const [name, weight] of weights) {
    const tensor = tensors[name];
    if (!tensor) problems.push(`${name} is missing in the checkpoint`);
    else if (!sameShape(tensor, weight.shape)) {
      problems.push(`${name} is [${tensor.shape}] in the checkpoint and [${weight.shape}] in the model`);
    }
  }
  for (const name of Object.keys(tensors)) {
    if (!/^(optimizer|loss)\//.test(name) && !isExtraTensor(name) && !weights.has(name))
      problems.push(`${name} is unknown to the model`);
  }
  if (problems.length > 0) {
    throw new CheckpointError(
      `SimCLR.load: the checkpoint is of another architecture (${problems.length} weights differ). First: ${problems[0]}.`,
    );
  }
  for (const [name, weight] of weights) weight.write(tensors[name]!);
}

function sameShape(tensor: Tensor, shape: (number | null)[]): boolean {
  return tensor.shape.length === shape.length && tensor.shape.every((size, axis) => size === shape[axis]);
}
