import { io, type NamedTensorMap, type Optimizer, type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { transformFromConfig } from '../augmentations/index.js';
import { CheckpointError } from '../errors/errors.js';
import { registerLayers } from '../models/index.js';
import { optimizerFromConfig } from '../optimizers/index.js';
import {
  checkCheckpoint,
  checkFinite,
  format,
  formatVersion,
  type Metadata,
  type Topologies,
} from './checkpoint-format.js';
import { lossState, restoreLoss } from './loss-state.js';
import { namedWeights } from './named-weights.js';
import {
  describeOptimizer,
  type NamedTensor,
  type OptimizerDescription,
  restoreOptimizer,
} from './optimizer-state.js';
import type { SimCLRLoadOptions, SimCLROptions } from './options.js';
import { checkMade } from './parts.js';
import type { SimCLR } from './simclr.js';

/** The text behind `SimCLR.save`. */
export async function saveSimCLR(simclr: SimCLR, target: io.IOHandler | string): Promise<io.SaveResult> {
  simclr.checkUsable('SimCLR.save');
  const handler = typeof target === 'string' ? io.getSaveHandlers(target)[0] : target;
  if (!handler?.save) {
    throw new CheckpointError(
      `SimCLR.save: target must be an IO handler that saves, or the URL of one. Received: target=${String(target)}.`,
    );
  }
  // Up to the first await all is of one moment: training may go on meanwhile. A clone shares its data.
  const progress = { ...simclr.progress };
  const weights = [...allWeights(simclr)].map(
    ([name, weight]): NamedTensor => ({ name, tensor: weight.read().clone() }),
  );
  const tensors = [...weights, ...lossState(simclr.loss)];
  try {
    const optimizer = await describeOptimizer(simclr);
    tensors.push(...optimizer.tensors);
    const metadata: Metadata = {
      formatVersion,
      temperature: simclr.temperature,
      viewBatching: simclr.viewBatching,
      seed: simclr.seed,
      normalization: simclr.normalization,
      ...describeViews(simclr),
      customLoss: simclr.loss.config === undefined,
      loss: simclr.loss.config ?? null,
      optimizer: optimizer.description,
      progress,
    };
    const { data, specs } = await io.encodeWeights(tensors);
    checkFinite(data, specs);
    const topology: Topologies = {
      encoder: simclr.encoder.toJSON(null, false) as object,
      projectionHead: simclr.projectionHead.toJSON(null, false) as object,
    };
    return await handler.save({
      modelTopology: topology,
      weightSpecs: specs,
      weightData: data,
      format,
      generatedBy: `simclr-ts format ${formatVersion}`,
      userDefinedMetadata: metadata as unknown as NonNullable<io.ModelArtifacts['userDefinedMetadata']>,
    });
  } finally {
    for (const { tensor } of tensors) tensor.dispose();
  }
}

function allWeights(simclr: Pick<SimCLR, 'encoder' | 'projectionHead'>) {
  return new Map([
    ...namedWeights('encoder', simclr.encoder),
    ...namedWeights('projectionHead', simclr.projectionHead),
  ]);
}

/** The text behind `SimCLR.load`. */
export async function loadSimCLR(
  Trainer: new (options: SimCLROptions) => SimCLR,
  source: io.IOHandler | string,
  options: SimCLRLoadOptions,
): Promise<SimCLR> {
  checkMade(options);
  const handler = typeof source === 'string' ? io.getLoadHandlers(source)[0] : source;
  if (!handler?.load) {
    throw new CheckpointError(
      `SimCLR.load: source must be an IO handler that loads, or the URL of one. Received: source=${String(source)}.`,
    );
  }
  const { metadata, topology, weightData, weightSpecs } = checkCheckpoint(await handler.load());
  const savedOptions = mergedOptions(metadata, options);
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
    await restoreOptimizer(simclr, metadata.optimizer, tensors);
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
  const { temperature, viewBatching, seed, normalization, optimizer, customLoss, loss, views } = metadata;
  if (customLoss && !options.loss) {
    throw new CheckpointError(
      'SimCLR.load: the saved loss was a function or an object of your own, which no file can hold. Pass it again as { loss }.',
    );
  }
  const augmentation = options.augmentation ?? savedAugmentation(metadata.augmentation);
  return {
    temperature,
    viewBatching,
    seed,
    normalization,
    ...(loss ? { loss } : {}),
    ...(views !== undefined && !Array.isArray(augmentation) ? { views } : {}),
    ...options,
    ...(augmentation ? { augmentation } : {}),
    optimizer: options.optimizer ?? savedOptimizer(optimizer),
  };
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

/** `undefined` where it is not of this library: embedding needs none, and training says so. */
function savedAugmentation(config: Metadata['augmentation']): SimCLRLoadOptions['augmentation'] {
  try {
    if (Array.isArray(config)) return config.map((part) => transformFromConfig(part));
    return config ? transformFromConfig(config) : undefined;
  } catch {
    return undefined;
  }
}

function savedOptimizer({ className, config }: OptimizerDescription): Optimizer {
  try {
    return optimizerFromConfig({ ...config, className });
  } catch (cause) {
    throw new CheckpointError(
      `SimCLR.load: the saved optimizer (${className}) cannot be made from the file alone. Pass it again as { optimizer }. ${(cause as Error).message}`,
      { cause },
    );
  }
}

async function modelFromTopology(role: string, modelTopology: object): Promise<LayersModel> {
  try {
    return await loadLayersModel(io.fromMemory({ modelTopology }));
  } catch (cause) {
    throw new CheckpointError(
      `SimCLR.load: the saved ${role} cannot be built. Pass it again as { ${role} }, or register its layers with tfjs. ${(cause as Error).message}`,
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
    if (!/^(optimizer|loss)\//.test(name) && !weights.has(name))
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
