import type { TrainerSettings } from '../run-settings.js';
import type { TrainerCore } from '../step/trainer-core.js';
import { formatVersion, type Metadata } from './format.js';

/** What a checkpoint says of a trainer's options. */
export function describeOptions(core: TrainerCore) {
  const { viewBatching, seed, normalization, projectFrom } = core;
  const { config } = core.loss;
  const loss = { customLoss: config === undefined, loss: config ?? null };
  return { formatVersion, viewBatching, seed, normalization, projectFrom, ...describeViews(core), ...loss };
}

function describeViews({ augmentations }: TrainerCore): Pick<Metadata, 'augmentation' | 'views'> {
  const configs = augmentations.map(({ config }) => config);
  const known = configs.filter((config) => config !== undefined);
  const isKnown = configs.length > 0 && known.length === configs.length;
  if (new Set(augmentations).size === 1) {
    return { augmentation: isKnown ? known[0]! : null, views: configs.length };
  }
  return { augmentation: isKnown ? known : null };
}

/** The settings of a trainer as it is now. */
export function presentSettings(core: TrainerCore): TrainerSettings {
  const { optimizer, extraState } = core;
  return trainerSettings({
    ...describeOptions(core),
    optimizer: { className: optimizer.getClassName(), config: optimizer.getConfig(), step: 0, variables: {} },
    extraState: { ...extraState },
  });
}

/** The settings of the trainer that a checkpoint was saved from. */
export function trainerSettings(metadata: Omit<Metadata, 'progress' | 'fit' | 'byteOrder'>): TrainerSettings {
  const { viewBatching, seed, normalization, projectFrom, augmentation, customLoss, views, loss } = metadata;
  const { className, config } = metadata.optimizer;
  return {
    viewBatching,
    seed,
    normalization,
    projectFrom,
    augmentation,
    customLoss,
    loss,
    // Files of format 1 leave it out; then it is not compared.
    ...(views === undefined ? {} : { views }),
    optimizer: { ...config, className },
    extraState: Object.keys(metadata.extraState).sort(),
  };
}
