import type { LayersModel } from '@tensorflow/tfjs-layers';
import { simclrAugmentation, type Transform } from '../../augmentations/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice } from '../../errors/checks.js';
import { fromData } from '../../errors/from-data.js';
import { projectionHead, resnet18, resnet34, resnet50 } from '../../models/index.js';
import { type NamedOptimizer, optimizerFromConfig } from '../../optimizers/index.js';
import type {
  AugmentationConfig,
  EncoderConfig,
  LearningRateConfig,
  OptimizerConfig,
  ProjectionHeadConfig,
} from './part-configs.js';
import { checkPlan } from './planned-learning-rate.js';

const caller = 'SimCLR';
const networks = { resnet18, resnet34, resnet50 };

type Fields<T> = { [Key in keyof Required<T>]: 1 };
type AllKeys<T> = T extends unknown ? keyof T : never;

const normalizationFields = {
  batchNormalizationMomentum: 1,
  batchNormalizationEpsilon: 1,
  groups: 1,
} as const;
const encoderFields: Fields<EncoderConfig> = {
  architecture: 1,
  inputShape: 1,
  stem: 1,
  width: 1,
  zeroInitResidual: 1,
  initializer: 1,
  projectionShortcut: 1,
  ...normalizationFields,
};
const headFields: Fields<ProjectionHeadConfig> = {
  hidden: 1,
  outputDim: 1,
  batchNorm: 1,
  finalBatchNorm: 1,
  useBias: 1,
  initializer: 1,
  ...normalizationFields,
};
const decayFields = { className: 1, learningRate: 1, weightDecay: 1, excludeFromWeightDecay: 1 } as const;
const optimizerFields: {
  [Name in OptimizerConfig['className']]: Record<AllKeys<Extract<OptimizerConfig, { className: Name }>>, 1>;
} = {
  SGD: { ...decayFields, momentum: 1, nesterov: 1, weightDecayMode: 1 },
  AdamW: { ...decayFields, beta1: 1, beta2: 1, epsilon: 1, weightDecayMode: 1 },
  LARS: {
    ...decayFields,
    momentum: 1,
    trustCoefficient: 1,
    rule: 1,
    nesterov: 1,
    classicMomentum: 1,
    clip: 1,
    epsilon: 1,
    excludeFromAdaptation: 1,
  },
};

/** Whether a part is data to make it from: an object without the methods of a made part. */
export function isConfig<Config extends object>(part: object | undefined, method: string): part is Config {
  return (
    typeof part === 'object' &&
    part !== null &&
    !Array.isArray(part) &&
    typeof (part as Record<string, unknown>)[method] !== 'function'
  );
}

/** @throws {@link InvalidOptionError} when an option is outside its domain. */
export function buildEncoder(config: EncoderConfig, seed: number): LayersModel {
  checkChoice(caller, 'encoder.architecture', config.architecture, ['resnet18', 'resnet34', 'resnet50']);
  checkKeys(caller, config, encoderFields, 'encoder');
  const { architecture, ...options } = config;
  return fromData(caller, 'encoder', config, () => networks[architecture]({ ...options, seed }));
}

/** @throws {@link InvalidOptionError} when an option is outside its domain. */
export function buildProjectionHead(
  config: ProjectionHeadConfig,
  inputDim: number,
  seed: number,
): LayersModel {
  checkKeys(caller, config, headFields, 'projectionHead');
  return fromData(caller, 'projectionHead', config, () => projectionHead({ ...config, inputDim, seed }));
}

/** @throws {@link InvalidOptionError} when an option is outside its domain. */
export function buildAugmentation(
  config: AugmentationConfig,
  size: readonly [number, number],
): Transform<unknown> {
  checkChoice(caller, 'augmentation.name', config.name, ['simclrAugmentation']);
  checkKeys(caller, config, { name: 1, options: 1 }, 'augmentation');
  const { options = {} } = config;
  return fromData(caller, 'augmentation', config, () => simclrAugmentation({ size, ...options }));
}

/**
 * @returns The optimizer and, where its learning rate is a plan, that plan: `fit` resolves it when it knows how long it
 * trains.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 */
export function buildOptimizer(config: OptimizerConfig): {
  optimizer: NamedOptimizer;
  learningRatePlan: LearningRateConfig | undefined;
} {
  return fromData(caller, 'optimizer', config, () => makeOptimizer(config));
}

function makeOptimizer(config: OptimizerConfig): ReturnType<typeof buildOptimizer> {
  const { className, learningRate, ...options } = config;
  checkChoice(caller, 'optimizer.className', className, ['SGD', 'AdamW', 'LARS']);
  checkKeys(caller, config, optimizerFields[className], 'optimizer');
  const settings = options as Record<string, string | number | boolean>;
  if (typeof learningRate !== 'object') {
    return {
      optimizer: optimizerFromConfig({ className, learningRate, ...settings }),
      learningRatePlan: undefined,
    };
  }
  checkPlan(caller, learningRate);
  return {
    optimizer: optimizerFromConfig({ className, ...settings, learningRate: 0 }),
    learningRatePlan: learningRate,
  };
}
