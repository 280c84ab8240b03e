import type { Optimizer } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { normalize, simclrAugmentation, type Transform } from '../../augmentations/index.js';
import { checkKeys, type KnownKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger, describeValue, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { refuseNull } from '../../errors/from-data.js';
import { isError } from '../../errors/is-error.js';
import { lossFromConfig, type ViewLoss } from '../../losses/index.js';
import { checkEncoder, resnet18 } from '../../models/index.js';
import { AdamW } from '../../optimizers/index.js';
import type { ExtraState } from '../checkpoints/extra-state.js';
import { isLossConfig, lossOption } from './loss-option.js';
import type {
  AugmentationConfig,
  EncoderConfig,
  OptimizerConfig,
  ProjectionHeadConfig,
} from './part-configs.js';
import {
  buildAugmentation,
  buildEncoder,
  buildOptimizer,
  buildProjectionHead,
  isConfig,
} from './parts-from-data.js';
import { checkTraining } from './planned-learning-rate.js';
import type { SimCLRLoadOptions, SimCLROptions } from './simclr-options.js';
import { toViewLoss } from './to-view-loss.js';

/** The models of a trainer, what makes its views, what compares them, and what updates it. */
export interface Parts {
  encoder: LayersModel;
  projectionHead: LayersModel;
  /** One a view. */
  augmentations: readonly Transform<unknown>[];
  loss: ViewLoss;
  optimizer: Optimizer;
}

const caller = 'SimCLR';

/** What a recipe says about itself: `new SimCLR(recipe)` takes it and reads none of it. */
const words = { name: 1, title: 1, sources: 1, deviations: 1, reported: 1 } as const;
const optionKeys = {
  encoder: 1,
  projectionHead: 1,
  augmentation: 1,
  views: 1,
  normalization: 1,
  temperature: 1,
  loss: 1,
  optimizer: 1,
  training: 1,
  viewBatching: 1,
  seed: 1,
  extraState: 1,
  ...words,
} as const satisfies KnownKeys<SimCLROptions> & typeof words;

/** @throws {@link InvalidOptionError} on what is wrong by itself, before anything large is made. */
export function checkOptions(options: SimCLROptions): void {
  checkKeys(caller, options, optionKeys);
  const { viewBatching = 'joint', seed = 0 } = options;
  checkChoice(caller, 'viewBatching', viewBatching, ['joint', 'separate']);
  // One less than the largest whole number, because the head takes the next one.
  if (!Number.isSafeInteger(seed) || seed < 0 || !Number.isSafeInteger(seed + 1)) {
    throw new InvalidOptionError(
      receivedMessage(caller, 'seed must be a whole number from 0 to 2^53 - 2', 'seed', seed),
    );
  }
  for (const part of ['encoder', 'projectionHead', 'augmentation', 'loss', 'optimizer'] as const) {
    if (options[part] === null) refuseNull(caller, part, null);
  }
  checkAugmentation(options);
  checkPart(options, 'optimizer', ['applyGradients'], 'a tfjs optimizer', 'name');
  checkPart(options, 'encoder', ['apply'], 'a tfjs LayersModel', 'name');
  checkPart(options, 'projectionHead', ['apply'], 'a tfjs LayersModel');
  const { loss } = options;
  if (loss !== undefined && typeof loss !== 'string' && typeof loss !== 'function' && !isLossConfig(loss)) {
    const { compute } = (loss ?? {}) as Partial<ViewLoss>;
    if (typeof compute !== 'function') {
      const expectation =
        "loss must be the name of a loss, { name, ...options }, an object with 'compute', or a function of the projections of two views";
      throw new InvalidOptionError(receivedMessage(caller, expectation, 'loss', loss));
    }
  }
  lossOption(options);
  checkExtraState(options.extraState ?? {});
  if (options.training !== undefined) checkTraining(caller, options.training);
  if (options.normalization) normalize(options.normalization); // refuses a wrong mean or standard deviation
}

function checkExtraState(parts: Record<string, ExtraState>): void {
  for (const [name, part] of Object.entries(parts)) {
    // Names of tensors are made of it, with slashes.
    if (!/^[\w.-]+$/.test(name)) {
      throw new InvalidOptionError(
        receivedMessage(
          caller,
          'names in extraState must be of letters, digits, ".", "_" and "-"',
          'name',
          name,
        ),
      );
    }
    if (typeof part?.capture !== 'function' || typeof part.restore !== 'function') {
      throw new InvalidOptionError(
        receivedMessage(caller, `extraState.${name} must have capture() and restore()`, name, part),
      );
    }
  }
}

function checkAugmentation({ augmentation, views }: SimCLROptions): void {
  if (views !== undefined) checkInteger(caller, 'views', views, 2);
  if (!isList(augmentation)) {
    checkPart(
      { augmentation },
      'augmentation',
      ['sample', 'apply'],
      'a transform, or an array of them',
      'name',
    );
    return;
  }
  if (augmentation.length < 2) {
    throw new InvalidOptionError(
      `${caller}: augmentation must have a transform for each of at least 2 views; one that is to make all of them goes without an array. Received: an array of ${augmentation.length}.`,
    );
  }
  for (const [view, transform] of augmentation.entries()) {
    checkPart(
      { augmentation: transform },
      'augmentation',
      ['sample', 'apply'],
      `an array of transforms, but augmentation[${view}] is none`,
    );
  }
  if (views !== undefined && views !== augmentation.length) {
    throw new InvalidOptionError(
      `${caller}: views must be left out where augmentation says it: one view for each transform. Received: views=${views}, augmentation of ${augmentation.length} transforms.`,
    );
  }
}

function isList<T>(value: T | readonly T[] | undefined): value is readonly T[] {
  return Array.isArray(value);
}

/** A part is either made, and has methods, or data to make it from, which has `field`. */
function checkPart(
  options: { readonly [Argument in keyof SimCLROptions]?: unknown },
  argument: keyof SimCLROptions,
  methods: string[],
  what: string,
  field?: string,
): void {
  const part: unknown = options[argument];
  if (part === undefined || part === null) return;
  const has = (method: string) => typeof (part as Record<string, unknown> | null)?.[method] === 'function';
  const isData = isConfig<Record<string, unknown>>(part as object, methods[0]!) && !Array.isArray(part);
  if (!methods.every(has) && !(isData && (field === undefined || Object.hasOwn(part, field)))) {
    const data = field === undefined ? 'data' : `data with ${field}`;
    throw new InvalidOptionError(
      receivedMessage(caller, `${argument} must be ${what}, or ${data} to make one from`, argument, part),
    );
  }
}

/** @throws {@link InvalidOptionError} when a part is data: a checkpoint holds the data, and only a made part replaces it. */
export function checkMade(options: SimCLRLoadOptions): void {
  const methods = {
    encoder: 'apply',
    projectionHead: 'apply',
    augmentation: 'apply',
    optimizer: 'applyGradients',
  };
  for (const [argument, method] of Object.entries(methods)) {
    const part = options[argument as keyof typeof methods];
    if (!isConfig(part, method)) continue;
    throw new InvalidOptionError(
      receivedMessage(
        'SimCLR.load',
        `${argument} must be made already, for the file holds the data`,
        argument,
        part,
      ),
    );
  }
}

/**
 * Makes the parts that were not given, and checks that all fit together.
 *
 * @throws {@link ShapeError} when they do not; what was made is disposed of then.
 */
export function makeParts(options: SimCLROptions): Parts {
  const { seed = 0, views = 2 } = options;
  const optimizer = isConfig<OptimizerConfig>(options.optimizer, 'applyGradients')
    ? buildOptimizer(options.optimizer, options.training)
    : (options.optimizer ?? new AdamW({ learningRate: 3e-4, weightDecay: 0 }));
  const encoder = isConfig<EncoderConfig>(options.encoder, 'apply')
    ? buildEncoder(options.encoder, seed)
    : (options.encoder ?? resnet18({ seed }));
  const headConfig: ProjectionHeadConfig = isConfig<ProjectionHeadConfig>(options.projectionHead, 'apply')
    ? options.projectionHead
    : {};
  let head =
    headConfig === options.projectionHead ? undefined : (options.projectionHead as LayersModel | undefined);
  try {
    const inputDim = checkEncoder(encoder, caller);
    const [height, width, channels] = checkEncoderInput(encoder);
    checkNormalization(options, channels);
    head ??= buildProjectionHead(headConfig, inputDim, seed + 1);
    checkProjectionHead(head, inputDim);
    const augmentation = isConfig<AugmentationConfig>(options.augmentation, 'apply')
      ? buildAugmentation(options.augmentation, [height, width])
      : (options.augmentation ?? simclrAugmentation({ size: [height, width] }));
    const augmentations = isList(augmentation)
      ? [...augmentation]
      : Array.from({ length: views }, () => augmentation);
    const loss = makeLoss(lossOption(options), head, seed);
    return { encoder, projectionHead: head, augmentations, loss, optimizer };
  } catch (error) {
    if (encoder !== options.encoder) encoder.dispose();
    if (head !== options.projectionHead) head?.dispose();
    throw error;
  }
}

function makeLoss(loss: NonNullable<SimCLROptions['loss']>, head: LayersModel, seed: number): ViewLoss {
  if (typeof loss === 'function') return toViewLoss(loss);
  if (typeof loss !== 'string' && !isLossConfig(loss)) return loss;
  try {
    return lossFromConfig(loss, { dim: head.outputs[0]!.shape[1]!, seed });
  } catch (cause) {
    if (!isError(cause, 'InvalidOptionError')) throw cause;
    throw new InvalidOptionError(`${caller}: loss must be one of this library. ${cause.message}`, { cause });
  }
}

function checkEncoderInput(encoder: LayersModel): [number, number, number] {
  const { shape } = encoder.inputs[0]!;
  const [, height, width, channels] = shape;
  if (shape.length !== 4 || !height || !width || !channels) {
    const received = shape.map((size) => size ?? 'null').join(',');
    throw new ShapeError(
      `SimCLR: encoder must take pictures of a fixed size, input shape [batch, height, width, channels]. Received: encoder with input shape [${received}].`,
    );
  }
  return [height, width, channels];
}

function checkNormalization({ normalization }: SimCLROptions, channels: number): void {
  if (normalization && normalization.mean.length !== channels) {
    throw new InvalidOptionError(
      `SimCLR: normalization must have one mean and one std for each of the encoder's ${channels} channels. Received: normalization.mean=${describeValue(normalization.mean)}.`,
    );
  }
}

function checkProjectionHead(head: LayersModel, inputDim: number): void {
  const input = head.inputs?.[0]?.shape;
  const output = head.outputs?.[0]?.shape;
  if (input?.length !== 2 || input[1] !== inputDim || output?.length !== 2) {
    const received = (shape?: (number | null)[]) => `[${shape?.map((size) => size ?? 'null')}]`;
    throw new ShapeError(
      `SimCLR: projectionHead must take the encoder's output [N, ${inputDim}] and give [N, D]. ` +
        `Received: projectionHead from ${received(input)} to ${received(output)}.`,
    );
  }
}
