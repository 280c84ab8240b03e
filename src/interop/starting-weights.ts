import { imagenetMean, imagenetStd, type NormalizeOptions } from '../augmentations/index.js';
import { isObject } from '../errors/checks.js';
import { CheckpointError } from '../errors/errors.js';
import { isError, messageOf } from '../errors/is-error.js';
import type { ResNetStem } from '../models/index.js';
import type { Trainer } from '../training/index.js';
import { architectureOf, describeNetwork, type NetworkDescription } from './network-description.js';
import { entriesOf, type NamedTensors } from './safetensors/safetensors.js';
import type { StateTensorInput } from './safetensors/tensor-types.js';
import { loadStateDict } from './state-dict.js';
import { findEncoders, toTorchvisionName } from './state-dict-names.js';

/** Weights that training can start from: what `readSafetensors` returns, or `readWeights` of `simclr-ts/node`. */
export interface StartingWeights {
  /** Tensors by name, of an encoder and perhaps a projection head. */
  tensors: NamedTensors<StateTensorInput>;
  /** What {@link weightsMetadata} returned when they were saved; empty for files of other packages. */
  metadata?: Readonly<Record<string, string>>;
}

/** Result of {@link describeWeights}: what to build so that weights fit. A part that is not known is missing. */
export interface WeightsDescription {
  /** Name of the function that builds the network. */
  architecture?: NetworkDescription['architecture'];
  /** Channels of the first stage of a ResNet. */
  width?: number;
  /** Its first layers. Without metadata, those that usually have a kernel of this size. */
  stem?: 'imagenet' | 'small' | ResNetStem;
  /** Height and width of the pictures that the network was trained on, in pixels. */
  inputSize?: [height: number, width: number];
  /**
   * Mean and standard deviation of each channel that pictures are normalized by, or `null` for none. Without metadata,
   * ImageNet's if there is a classifier of its 1,000 classes.
   */
  normalization?: NormalizeOptions | null;
}

/** Result of {@link startFrom}. */
export interface StartedFrom {
  /** Prefix of the names of the encoder's weights. */
  prefix: string;
  /** Names of tensors that neither encoder nor head took. */
  ignored: string[];
  /** Whether the projection head got weights, too. */
  projectionHead: boolean;
  /** Why it did not, where the weights hold one. */
  reason?: string;
}

/**
 * Finds out which network weights belong to, from their metadata or else from names and shapes.
 *
 * @param weights - Weights under the names of any package that `loadStateDict` knows.
 * @returns What is known. Nothing is, if there is no ResNet-18, -34, -50 or MobileNetV2, or more than one.
 * @example
 * describeWeights(readSafetensors(bytes)); // { architecture: 'resnet50', width: 64, stem: 'imagenet', ... }
 */
export function describeWeights({ tensors, metadata = {} }: StartingWeights): WeightsDescription {
  const given = new Map(entriesOf('describeWeights', tensors));
  const names = new Set(given.keys());
  const places = (['ResNet', 'MobileNetV2'] as const).flatMap((network) => findEncoders(network, names));
  const shapes = new Map<string, readonly number[]>();
  for (const [name, { shape }] of places.length === 1 ? given : []) {
    const own = toTorchvisionName(name, places[0]!);
    if (own !== undefined) shapes.set(own, shape);
  }
  const network = architectureOf(shapes);
  const saved = normalizationOf(metadata);
  const normalization = saved === undefined && isOfImageNet(given) ? imagenetNormalization : saved;
  const size = /^(\d+)x(\d+)$/.exec(metadata.inputSize ?? '');
  const stem = stemFrom(metadata.stem) ?? usualStem(shapes);
  return {
    ...network,
    ...(network && stem !== undefined && { stem }),
    ...(size && { inputSize: [Number(size[1]), Number(size[2])] as [number, number] }),
    ...(normalization !== undefined && { normalization }),
  };
}

const imagenetNormalization = { mean: [...imagenetMean], std: [...imagenetStd] };

function isOfImageNet(tensors: ReadonlyMap<string, StateTensorInput>): boolean {
  return [...tensors].some(
    ([name, { shape }]) =>
      /(^|\.)(fc|classifier\.1|classifier)\.weight$/.test(name) && shape.length === 2 && shape[0] === 1000,
  );
}

/** `null` for no normalization, `undefined` if nothing is known. */
function normalizationOf({ normalization }: Readonly<Record<string, string>>) {
  const value = parsed(normalization);
  if (value === null) return null;
  const { mean, std } = (value ?? {}) as Partial<NormalizeOptions>;
  const isList = (list: unknown): list is number[] => Array.isArray(list) && list.every(Number.isFinite);
  return isList(mean) && isList(std) ? { mean, std } : undefined;
}

function stemFrom(text: string | undefined): NetworkDescription['stem'] | undefined {
  if (text === 'imagenet' || text === 'small') return text;
  const value = parsed(text);
  return isObject(value) ? (value as unknown as ResNetStem) : undefined;
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Strides and padding do not show in shapes. These are the stems that come with such kernels. */
function usualStem(shapes: ReadonlyMap<string, readonly number[]>): 'imagenet' | 'small' | undefined {
  const size = shapes.get('conv1.weight')?.[2];
  if (size === 7 || shapes.has('features.0.0.weight')) return 'imagenet';
  return size === 3 ? 'small' : undefined;
}

/**
 * Gives a trainer the weights of another model before it trains: its encoder always, its projection head if there is one
 * that fits. Otherwise the head keeps its own weights.
 *
 * @param trainer - A trainer whose encoder is of the same architecture, width and stem: see {@link describeWeights}.
 * @param weights - Weights under the names of any package that `loadStateDict` knows.
 * @returns What was used.
 * @throws `CheckpointError` when the encoder's weights are missing or do not fit, or the metadata name another stem. Then
 * nothing has changed.
 * @throws `ValueRangeError` when a value is NaN or infinite.
 * @throws `InvalidOptionError` when the encoder is not of `resnet18`, `resnet34`, `resnet50` or `mobileNetV2`.
 * @example
 * const { projectionHead } = startFrom(simclr, readSafetensors(bytes));
 */
export function startFrom(
  trainer: Pick<Trainer, 'encoder' | 'projectionHead'>,
  weights: StartingWeights,
): StartedFrom {
  const { tensors, metadata = {} } = weights;
  checkStem(trainer, metadata);
  const { prefix, ignored } = loadStateDict(trainer.encoder, tensors);
  if (!hasHead(tensors)) return { prefix, ignored, projectionHead: false };
  try {
    const head = loadStateDict(trainer.projectionHead, tensors);
    const rest = new Set(head.ignored);
    return { prefix, ignored: ignored.filter((name) => rest.has(name)), projectionHead: true };
  } catch (error) {
    if (!isError(error, 'CheckpointError')) throw error;
    const reason = messageOf(error).replace(/^\w+: /, '');
    return { prefix, ignored, projectionHead: false, reason };
  }
}

function hasHead(tensors: StartingWeights['tensors']): boolean {
  const entries = entriesOf('startFrom', tensors);
  return entries.some(([name, { shape }]) => /(^|\.)0\.weight$/.test(name) && shape.length === 2);
}

/** @throws `CheckpointError` when the metadata say that the weights belong to another stem. Shapes would not tell. */
function checkStem({ encoder }: Pick<Trainer, 'encoder'>, { stem }: Readonly<Record<string, string>>): void {
  const own = describeNetwork(encoder)?.stem;
  const theirs = stemFrom(stem);
  if (own === undefined || theirs === undefined || same(own, theirs)) return;
  throw new CheckpointError(
    `startFrom: the encoder must have the stem that the weights were trained with, ${JSON.stringify(theirs)}. Received: ${JSON.stringify(own)}.`,
  );
}

function same(one: NetworkDescription['stem'], other: NetworkDescription['stem']): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other;
  const keys = ['kernelSize', 'strides', 'pool', 'padding', 'activation'] as const;
  return keys.every((key) => one[key] === other[key]);
}
