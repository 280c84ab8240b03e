import type { NormalizeOptions, TransformConfig } from '../augmentations/index.js';
import { datasetSize, type ImageDataset } from '../data/index.js';
import { InvalidOptionError } from '../errors/errors.js';
import type { ReadoutStage } from '../features/index.js';
import type { LossConfig } from '../losses/index.js';
import {
  type AverageWeightsOptions,
  type AverageWeightsSettings,
  averageSettings,
} from './averaging/average-settings.js';
import type { SchedulesSettings } from './schedules/view-schedules.js';

/** What a call of `fit` decides about its steps, besides the trainer's own parts. */
export interface FitSettings {
  /** Images per step. */
  batchSize: number;
  /** Images that go through the network at a time, `null` = the whole batch. */
  microBatchSize: number | null;
  /** Whether images in memory come in a random order. */
  shuffle: boolean;
  /** Images in the data set; `null` where it does not say. */
  datasetSize: number | null;
  /** How the weights are averaged, `null` = not. */
  averageWeights: AverageWeightsSettings | null;
  /** How views change over the run, `null` = not. */
  schedules: SchedulesSettings | null;
}

/** What a trainer itself decides about its steps. */
export interface TrainerSettings {
  viewBatching: 'joint' | 'separate';
  seed: number;
  normalization: NormalizeOptions | null;
  /** The stages that the projection head reads; `null` for h. */
  projectFrom: readonly ReadoutStage[] | null;
  /** One transform that makes all views, or one for each; `null` where one of them is not of this library. */
  augmentation: TransformConfig | TransformConfig[] | null;
  /** How many views one transform makes. Files of format 1 leave it out; they made two. */
  views?: number;
  /** Whether the loss is a function or an object of the user's own. */
  customLoss: boolean;
  /** The loss where it is of this library. */
  loss: LossConfig | null;
  /** Class name and options of the optimizer. */
  optimizer: object;
  /** Names of the extra states. */
  extraState: string[];
}

/** The settings of a call of `fit`. */
export function fitSettings(
  dataset: ImageDataset,
  options: {
    batchSize?: number;
    microBatchSize?: number;
    shuffle?: boolean;
    averageWeights?: AverageWeightsOptions;
  },
): Omit<FitSettings, 'schedules'> {
  const { batchSize = 64, microBatchSize = null, shuffle = true } = options;
  return {
    batchSize,
    microBatchSize,
    shuffle,
    datasetSize: datasetSize(dataset) ?? null,
    averageWeights: averageSettings(options.averageWeights),
  };
}

/** Settings as a list of values: `'optimizer.momentum'` to `0.9`. */
function flatten(value: unknown, path: string, into: Map<string, string>): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value))
      flatten(inner, path === '' ? key : `${path}.${key}`, into);
  } else if (value !== undefined) into.set(path, JSON.stringify(value));
}

/** One setting that is not what it was. */
export interface SettingsChange {
  /** Its name, as in `'batchSize'` or `'optimizer.momentum'`. */
  name: string;
  /** The text `before -> now`. */
  text: string;
}

/** Differences between two settings, in the order of the first. What the first lacks is not compared. */
export function settingsChanges(saved: object, current: object): SettingsChange[] {
  const known = Object.fromEntries(Object.entries(current).filter(([name]) => Object.hasOwn(saved, name)));
  const [before, now] = [saved, known].map((settings) => {
    const values = new Map<string, string>();
    flatten(JSON.parse(JSON.stringify(settings)), '', values); // typed arrays and the like as a file has them
    return values;
  }) as [Map<string, string>, Map<string, string>];
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter((name) => before.get(name) !== now.get(name))
    .map((name) => ({ name, text: `${before.get(name) ?? 'nothing'} -> ${now.get(name) ?? 'nothing'}` }));
}

/**
 * @param allowed - `true`, or the names of the options that may change; `'optimizer'` stands for all within.
 * @throws {@link InvalidOptionError} with all differences when one is not allowed.
 */
export function checkSettings(changes: SettingsChange[], allowed: boolean | readonly string[]): void {
  if (allowed === true) return;
  const names = allowed === false ? [] : allowed;
  const refused = changes.filter(
    ({ name }) => !names.some((prefix) => name === prefix || name.startsWith(`${prefix}.`)),
  );
  if (refused.length === 0) return;
  const [list, texts] = [
    refused.map(({ name }) => JSON.stringify(name)).join(', '),
    refused.map(({ name, text }) => `${name}: ${text}`).join('; '),
  ];
  throw new InvalidOptionError(
    `SimCLR.fit: resume must continue with the settings that the run began with; to change them, pass { allowChanges: [${list}] }. Received: ${texts}.`,
  );
}
