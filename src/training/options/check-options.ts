import { normalize } from '../../augmentations/index.js';
import { checkKeys, type KnownKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { refuseNull } from '../../errors/from-data.js';
import type { ViewLoss } from '../../losses/index.js';
import type { StatefulPart } from '../../tensors/stateful-part.js';
import { isLossConfig, lossOption } from './loss-option.js';
import { isConfig } from './parts-from-data.js';
import type { SimCLRLoadOptions, SimCLROptions } from './simclr-options.js';

const caller = 'SimCLR';

/** What a recipe says about itself and to `fit`: `new SimCLR(recipe)` accepts it and reads none of it. */
const words = {
  name: 1,
  title: 1,
  sources: 1,
  deviations: 1,
  reported: 1,
  training: 1,
  initialization: 1,
  earlyStages: 1,
} as const;

/** Every option of `new SimCLR`. */
export const simclrKeys = {
  encoder: 1,
  projectionHead: 1,
  projectFrom: 1,
  augmentation: 1,
  views: 1,
  normalization: 1,
  temperature: 1,
  loss: 1,
  optimizer: 1,
  viewBatching: 1,
  seed: 1,
  extraState: 1,
} as const satisfies KnownKeys<SimCLROptions>;

const { projectFrom: _, ...ofLoading } = simclrKeys;

/** Every option of `SimCLR.load`. */
export const loadKeys = ofLoading satisfies KnownKeys<SimCLRLoadOptions>;

/** @throws {@link InvalidOptionError} on what is wrong by itself, before anything large is made. */
export function checkOptions(options: SimCLROptions): void {
  checkKeys<SimCLROptions & Partial<typeof words>>(caller, options, { ...simclrKeys, ...words });
  const { viewBatching = 'joint', seed = 0 } = options;
  checkChoice(caller, 'viewBatching', viewBatching, ['joint', 'separate']);
  // One less than the largest safe integer, because the head takes the next one.
  if (!Number.isSafeInteger(seed) || seed < 0 || !Number.isSafeInteger(seed + 1)) {
    throw new InvalidOptionError(
      receivedMessage(caller, 'seed must be an integer from 0 to 2^53 - 2', 'seed', seed),
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
  if (options.normalization) normalize(options.normalization); // refuses a wrong mean or standard deviation
}

function checkExtraState(parts: Record<string, StatefulPart>): void {
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
      `${caller}: augmentation must have a transform for each of at least 2 views; pass one that makes all of them without an array. Received: an array of ${augmentation.length}.`,
    );
  }
  for (const [view, transform] of augmentation.entries()) {
    checkPart(
      { augmentation: transform },
      'augmentation',
      ['sample', 'apply'],
      `an array of transforms, but augmentation[${view}] is not one`,
    );
  }
  checkViews(views, augmentation.length);
}

/** @throws {@link InvalidOptionError} when `views` contradicts an array of transforms. */
export function checkViews(views: number | undefined, transforms: number): void {
  if (views === undefined || views === transforms) return;
  throw new InvalidOptionError(
    `${caller}: views must be left out where augmentation is an array: each transform makes one view. Received: views=${views}, augmentation of ${transforms} transforms.`,
  );
}

export function isList<T>(value: T | readonly T[] | undefined): value is readonly T[] {
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

/** @throws {@link InvalidOptionError} when a part is data: a checkpoint holds the data, and only a made part can replace it. */
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
        `${argument} must be made already, because the file holds the data`,
        argument,
        part,
      ),
    );
  }
}
