import { io, type NamedTensorMap, type Optimizer, type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { type NormalizeOptions, type TransformConfig, transformFromConfig } from '../augmentations/index.js';
import { CheckpointError } from '../errors/errors.js';
import { registerLayers } from '../models/index.js';
import { optimizerFromConfig } from '../optimizers/index.js';
import { namedWeights } from './named-weights.js';
import {
  describeOptimizer,
  type NamedTensor,
  type OptimizerDescription,
  restoreOptimizer,
} from './optimizer-state.js';
import type { SimCLROptions, TrainingProgress } from './options.js';
import type { SimCLR } from './simclr.js';

const format = 'simclr-ts';
const formatVersion = 1;

/** What a checkpoint says besides topologies and weights. */
interface Metadata {
  formatVersion: number;
  temperature: number;
  viewBatching: 'joint' | 'separate';
  seed: number;
  normalization: NormalizeOptions | null;
  augmentation: TransformConfig | null;
  customLoss: boolean;
  optimizer: OptimizerDescription;
  progress: TrainingProgress;
}

interface Topologies {
  encoder: object;
  projectionHead: object;
}

/** The text behind `SimCLR.save`. */
export async function saveSimCLR(simclr: SimCLR, target: io.IOHandler | string): Promise<io.SaveResult> {
  const handler = typeof target === 'string' ? io.getSaveHandlers(target)[0] : target;
  if (!handler?.save) {
    throw new CheckpointError(
      `SimCLR.save: target must be an IO handler that saves, or the URL of one. Received: target=${String(target)}.`,
    );
  }
  const { description, tensors } = await describeOptimizer(simclr);
  const metadata: Metadata = {
    formatVersion,
    temperature: simclr.temperature,
    viewBatching: simclr.viewBatching,
    seed: simclr.seed,
    normalization: simclr.normalization,
    augmentation: simclr.augmentation?.config ?? null,
    customLoss: simclr.customLoss !== undefined,
    optimizer: description,
    progress: { ...simclr.progress },
  };
  const weights = [...allWeights(simclr)].map(
    ([name, weight]): NamedTensor => ({ name, tensor: weight.read() }),
  );
  try {
    const { data, specs } = await io.encodeWeights([...weights, ...tensors]);
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
  options: SimCLROptions,
): Promise<SimCLR> {
  const handler = typeof source === 'string' ? io.getLoadHandlers(source)[0] : source;
  if (!handler?.load) {
    throw new CheckpointError(
      `SimCLR.load: source must be an IO handler that loads, or the URL of one. Received: source=${String(source)}.`,
    );
  }
  const artifacts = await handler.load();
  const metadata = checkMetadata(artifacts);
  const topology = artifacts.modelTopology as Topologies;
  registerLayers();
  const encoder = options.encoder ?? (await modelFromTopology(topology.encoder));
  const projectionHead = options.projectionHead ?? (await modelFromTopology(topology.projectionHead));
  const tensors = io.decodeWeights(artifacts.weightData!, artifacts.weightSpecs!);
  try {
    restoreWeights({ encoder, projectionHead }, tensors);
    const simclr = new Trainer({ ...mergedOptions(metadata, options), encoder, projectionHead });
    Object.assign(simclr.progress, metadata.progress);
    await restoreOptimizer(simclr, metadata.optimizer, tensors);
    return simclr;
  } finally {
    for (const tensor of Object.values(tensors)) tensor.dispose();
  }
}

/** What the checkpoint says of the constructor's options; `options` says the rest and has the last word. */
function mergedOptions(metadata: Metadata, options: SimCLROptions): SimCLROptions {
  const { temperature, viewBatching, seed, normalization, augmentation, optimizer, customLoss } = metadata;
  if (customLoss && !options.loss) {
    throw new CheckpointError(
      'SimCLR.load: the saved loss was a function, which no file can hold. Pass it again as { loss }.',
    );
  }
  return {
    temperature,
    viewBatching,
    seed,
    normalization,
    ...(augmentation && !options.augmentation ? { augmentation: transformFromConfig(augmentation) } : {}),
    optimizer: options.optimizer ?? savedOptimizer(optimizer),
    ...options,
  };
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

function checkMetadata(artifacts: io.ModelArtifacts): Metadata {
  const metadata = artifacts.userDefinedMetadata as Metadata | undefined;
  if (artifacts.format !== format || !metadata) {
    throw new CheckpointError(
      `SimCLR.load: source must hold what SimCLR.save wrote. Received: format=${JSON.stringify(artifacts.format)}.`,
    );
  }
  if (metadata.formatVersion !== formatVersion) {
    throw new CheckpointError(
      `SimCLR.load: this version reads format ${formatVersion}. Received: formatVersion=${metadata.formatVersion}.`,
    );
  }
  if (!artifacts.weightData || !artifacts.weightSpecs) {
    throw new CheckpointError('SimCLR.load: the checkpoint holds no weights.');
  }
  return metadata;
}

function modelFromTopology(modelTopology: object): Promise<LayersModel> {
  return loadLayersModel(io.fromMemory({ modelTopology }));
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
    if (!name.startsWith('optimizer/') && !weights.has(name))
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
