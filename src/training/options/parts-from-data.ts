import type { LayersModel } from '@tensorflow/tfjs-layers';
import { multiCropAugmentation, simclrAugmentation, type Transform } from '../../augmentations/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { fromData } from '../../errors/from-data.js';
import { mobileNetV2, projectionHead, resnet18, resnet34, resnet50 } from '../../models/index.js';
import { AdamW, LARS, type NamedOptimizer, SGD } from '../../optimizers/index.js';
import type {
  AugmentationConfig,
  EncoderConfig,
  LearningRateConfig,
  OptimizerConfig,
  ProjectionHeadConfig,
} from './part-configs.js';
import { checkPlan } from './planned-learning-rate.js';

const caller = 'SimCLR';
const networks = { resnet18, resnet34, resnet50, mobileNetV2 };
const networkNames = Object.keys(networks) as EncoderConfig['name'][];
const augmentations = { simclrAugmentation, multiCropAugmentation };
const optimizers = { sgd: SGD, adamW: AdamW, lars: LARS };

/** Whether a part is data to make it from: an object without the methods of a made part. */
export function isConfig<Config extends object>(part: object | undefined, method: string): part is Config {
  return (
    typeof part === 'object' &&
    part !== null &&
    !Array.isArray(part) &&
    typeof (part as Record<string, unknown>)[method] !== 'function'
  );
}

/** @throws {@link InvalidOptionError} when an option is unknown or outside its domain. */
export function buildEncoder(config: EncoderConfig, seed: number): LayersModel {
  checkChoice(caller, 'encoder.name', config.name, networkNames);
  const { name, ...options } = config;
  return fromData(caller, 'encoder', withoutOpenSizes(config), () => {
    refuseKeys('encoder', options, { seed: 1 });
    const build = networks[name] as (options: object) => LayersModel;
    return build({ ...options, seed });
  });
}

/** An encoder's data without the sizes that are `null` because the encoder takes any. */
function withoutOpenSizes({ inputShape, ...others }: EncoderConfig): object {
  if (!Array.isArray(inputShape)) return inputShape === undefined ? others : { ...others, inputShape };
  return { ...others, inputShape: inputShape.filter((size, axis) => size !== null || axis > 1) };
}

/** @throws {@link InvalidOptionError} when an option is unknown or outside its domain. */
export function buildProjectionHead(
  config: ProjectionHeadConfig,
  inputDim: number,
  seed: number,
): LayersModel {
  return fromData(caller, 'projectionHead', config, () => {
    refuseKeys('projectionHead', config, { inputDim: 1, seed: 1, name: 1 });
    return projectionHead({ ...config, inputDim, seed });
  });
}

/** Refuses the options of a network that the trainer sets itself. The network refuses what it does not know. */
function refuseKeys(argument: string, options: object, own: Readonly<Record<string, 1>>): void {
  const key = Object.keys(options).find((name) => Object.hasOwn(own, name));
  if (key === undefined) return;
  throw new InvalidOptionError(
    `${caller}: ${argument} must leave ${key} to the trainer. Received: ${argument}.${key}.`,
  );
}

/** @throws {@link InvalidOptionError} when an option is unknown or outside its domain. */
export function buildAugmentation(
  config: AugmentationConfig,
  size: readonly [number, number],
): Transform<unknown> | Transform<unknown>[] {
  checkChoice(caller, 'augmentation.name', config.name, Object.keys(augmentations) as (typeof config.name)[]);
  checkKeys<object>(caller, config, { name: 1, options: 1 }, 'augmentation');
  const { name, options = {} } = config;
  return fromData(caller, 'augmentation', config, () => augmentations[name]({ size, ...options }));
}

/**
 * @returns The optimizer and, where its learning rate is a plan, that plan: `fit` resolves it when it knows how long it
 * trains.
 * @throws {@link InvalidOptionError} when an option is unknown or outside its domain.
 */
export function buildOptimizer(config: OptimizerConfig): {
  optimizer: NamedOptimizer;
  learningRatePlan: LearningRateConfig | undefined;
} {
  return fromData(caller, 'optimizer', config, () => makeOptimizer(config));
}

function makeOptimizer(config: OptimizerConfig): ReturnType<typeof buildOptimizer> {
  const { name, learningRate, ...options } = config;
  checkChoice(caller, 'optimizer.name', name, ['sgd', 'adamW', 'lars']);
  const Class = optimizers[name] as new (options: object) => NamedOptimizer;
  if (typeof learningRate !== 'object') {
    return { optimizer: new Class({ ...options, learningRate }), learningRatePlan: undefined };
  }
  checkPlan(caller, learningRate);
  return { optimizer: new Class({ ...options, learningRate: 0 }), learningRatePlan: learningRate };
}
