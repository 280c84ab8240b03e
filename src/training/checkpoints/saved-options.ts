import { Optimizer, type serialization } from '@tensorflow/tfjs-core';
import { transformFromConfig } from '../../augmentations/index.js';
import { isOfThisLibrary } from '../../augmentations/transform-from-config.js';
import { asBackendError } from '../../errors/backend-failure.js';
import { shorten } from '../../errors/checks.js';
import { CheckpointError, InvalidOptionError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import type { LossConfig, ViewLoss } from '../../losses/index.js';
import { optimizerFromConfig } from '../../optimizers/index.js';
import { temperatureOf } from '../options/loss-option.js';
import type { SimCLRLoadOptions, SimCLROptions } from '../options/simclr-options.js';
import type { MissingPart } from '../step/trainer-core.js';
import type { Metadata } from './format.js';
import type { OptimizerDescription } from './saved-optimizer.js';

/** Options for the constructor, and the parts that training lacks, with what to do about each. */
export interface SavedOptions {
  options: SimCLRLoadOptions & Pick<SimCLROptions, 'projectFrom'> & { optimizer: Optimizer };
  missing: ReadonlyMap<MissingPart, string>;
}

/** What the checkpoint says of the constructor's options; `options` says the rest and has the last word. */
export function savedOptions(metadata: Metadata, options: SimCLRLoadOptions): SavedOptions {
  const { viewBatching, seed, normalization, projectFrom, views } = metadata;
  const missing = new Map<MissingPart, string>();
  const augmentation = options.augmentation ?? savedAugmentation(metadata.augmentation);
  if (augmentation === undefined)
    missing.set('augmentation', adviceFor('augmentation', 'was not of this library'));
  const loss = options.loss ?? savedLoss(metadata, options, missing);
  const { temperature, ...given } = options;
  return {
    options: {
      viewBatching,
      seed,
      normalization,
      projectFrom,
      ...(views !== undefined && !Array.isArray(augmentation) ? { views } : {}),
      ...given,
      ...(options.loss !== undefined && temperature !== undefined ? { temperature } : {}),
      ...(loss !== undefined ? { loss } : {}),
      ...(augmentation ? { augmentation } : {}),
      optimizer: options.optimizer ?? savedOptimizer(metadata.optimizer, missing),
    },
    missing,
  };
}

function adviceFor(part: MissingPart, reason: string): string {
  return `SimCLR: ${part} is needed for training, and the saved one ${reason}. Pass it as SimCLR.load(source, { ${part} }).`;
}

/** The saved loss; where a temperature is given, with that instead of its own. */
function savedLoss(
  { customLoss, loss: saved }: Metadata,
  { temperature }: SimCLRLoadOptions,
  missing: Map<MissingPart, string>,
): LossConfig | ViewLoss | undefined {
  if (customLoss) {
    const advice = adviceFor('loss', 'was a function or an object of your own, which no file can hold');
    missing.set('loss', advice);
    return missingLoss(advice);
  }
  if (temperature === undefined || !saved) return saved ?? undefined;
  if (temperatureOf({ config: saved }) !== undefined) return { ...saved, temperature } as LossConfig;
  throw new InvalidOptionError(
    `SimCLR.load: temperature must be left out where the loss has none. Received: temperature=${temperature}, loss=${JSON.stringify(saved.name)}.`,
  );
}

/** Stands where a loss was, so that embedding works; training refuses before it is called. */
function missingLoss(advice: string): ViewLoss {
  return {
    name: 'missing',
    compute() {
      throw new InvalidOptionError(advice);
    },
  };
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

function savedOptimizer(
  { className, config }: OptimizerDescription,
  missing: Map<MissingPart, string>,
): Optimizer {
  const reason = whyForeign(className, config);
  if (reason === undefined) {
    try {
      return optimizerFromConfig(config);
    } catch (cause) {
      if (!isError(cause, 'InvalidOptionError')) throw cause;
      throw new CheckpointError(
        `SimCLR.load: the saved optimizer (${className}) cannot be made. Pass it again as { optimizer }. ${shorten(cause.message)}`,
        { cause },
      );
    }
  }
  const advice = adviceFor('optimizer', reason);
  missing.set('optimizer', advice);
  return new MissingOptimizer(className, config, advice);
}

/** Why no file can hold this optimizer; `undefined` where it can. */
function whyForeign(className: string, config: serialization.ConfigDict): string | undefined {
  // tf.train's SGD has the class name of this library's.
  if (config.name === undefined || !['SGD', 'AdamW', 'LARS'].includes(className)) {
    return `(${className}) is not one of this library`;
  }
  const option = Object.keys(config).find((name) => config[name] === 'custom');
  return option === undefined
    ? undefined
    : `(${className}) had a function as ${option}, which no file can hold`;
}

/** Stands where an optimizer was, so that embedding works; training refuses before it is called. */
class MissingOptimizer extends Optimizer {
  constructor(
    private readonly savedClass: string,
    private readonly savedConfig: serialization.ConfigDict,
    private readonly advice: string,
  ) {
    super();
  }

  override getClassName(): string {
    return this.savedClass;
  }

  override getConfig(): serialization.ConfigDict {
    return this.savedConfig;
  }

  override applyGradients(): void {
    throw new InvalidOptionError(this.advice);
  }
}
