import { checkKeys } from '../errors/check-keys.js';
import { isObject, receivedMessage } from '../errors/checks.js';
import { fromData, refuseNull } from '../errors/from-data.js';
import { InvalidOptionError } from '../errors/index.js';
import { renameFields } from '../errors/rename-fields.js';
import { colorJitter } from './color/color-jitter.js';
import { randomGrayscale } from './color/grayscale.js';
import { solarize } from './color/solarize.js';
import { compose } from './compose.js';
import { evaluationTransform } from './evaluation-transform.js';
import { gaussianBlur } from './gaussian-blur.js';
import { centerCrop } from './geometry/center-crop.js';
import { randomHorizontalFlip } from './geometry/random-horizontal-flip.js';
import { randomResizedCrop } from './geometry/random-resized-crop.js';
import { resize } from './geometry/resize.js';
import { denormalize, normalize } from './normalize.js';
import { simclrAugmentation } from './presets/simclr-augmentation.js';
import { randomApply } from './random-apply.js';
import type { DescribedTransform, Transform, TransformConfig } from './transform.js';

/** Builds a transform of your own from the options in its configuration. */
export type TransformBuilder = (options: Readonly<Record<string, unknown>>) => Transform<unknown>;

// Configurations come from files: each builder checks its options itself, so types are only asserted here.
const builders: Readonly<Record<string, (options: never) => DescribedTransform<unknown>>> = {
  centerCrop,
  colorJitter,
  denormalize,
  evaluationTransform,
  gaussianBlur,
  normalize,
  randomGrayscale,
  randomHorizontalFlip,
  randomResizedCrop,
  resize,
  simclrAugmentation,
  solarize,
};

/**
 * Builds a transform from the plain data in its `config`, which may have been through JSON.
 *
 * @param config - The `config` of a transform.
 * @param custom - Builders of transforms of your own, by name.
 * @returns A transform that does the same.
 * @throws {@link InvalidOptionError} when the name is unknown or an option is outside its domain.
 * @example
 * const stored = JSON.stringify(simclrAugmentation({ size: 32 }).config);
 * const augmentation = transformFromConfig(JSON.parse(stored));
 */
export function transformFromConfig(
  config: TransformConfig,
  custom: Readonly<Record<string, TransformBuilder>> = {},
): Transform<unknown> {
  // The options of a custom transform may contain nulls, so the values of `config` are checked one by one.
  return fromData('transformFromConfig', 'config', config?.name, () => make(config, custom));
}

/** A saved configuration, with fields renamed as in this version. */
export function upgradeTransformConfig(config: TransformConfig): TransformConfig {
  const { name, options } = config ?? {};
  if (!isObject(options)) return config;
  if (name === 'colorJitter' || name === 'simclrAugmentation') {
    return { ...config, options: renameFields(options, { semantics: 'convention' }) };
  }
  if (name === 'randomApply') {
    const transform = upgradeTransformConfig(options.transform as TransformConfig);
    return { ...config, options: { ...options, transform } };
  }
  if (name === 'compose' && Array.isArray(options.transforms)) {
    const transforms = options.transforms.map(upgradeTransformConfig);
    return { ...config, options: { ...options, transforms } };
  }
  return config;
}

/** Whether all transforms in a configuration come from this library. */
export function isOfThisLibrary(config: TransformConfig): boolean {
  const { name, options } = config ?? {};
  if (name === 'compose' && Array.isArray(options?.transforms))
    return options.transforms.every(isOfThisLibrary);
  if (name === 'randomApply') return isOfThisLibrary(options?.transform as TransformConfig);
  return name === 'compose' || Object.hasOwn(builders, name);
}

function make(
  config: TransformConfig,
  custom: Readonly<Record<string, TransformBuilder>>,
): Transform<unknown> {
  checkKeys('transformFromConfig', config, { name: 1, options: 1 }, 'config');
  const { name } = config;
  if (Object.hasOwn(custom, name)) return custom[name]!(config.options ?? {});
  const { options = {} } = upgradeTransformConfig(config);
  const { transform: _, transforms: __, ...own } = options ?? {};
  refuseNull('transformFromConfig', 'config.options', options && own);
  if (name === 'compose') {
    const parts: unknown = options.transforms;
    return compose(
      Array.isArray(parts) ? parts.map((part) => transformFromConfig(part, custom)) : (parts as never),
    );
  }
  if (name === 'randomApply') {
    const { transform, probability } = options as { transform: TransformConfig; probability: number };
    return randomApply(transformFromConfig(transform, custom), { probability });
  }
  if (!Object.hasOwn(builders, name)) {
    const known = [...Object.keys(builders), 'compose', 'randomApply', ...Object.keys(custom)];
    throw new InvalidOptionError(
      receivedMessage('transformFromConfig', `name must be one of ${known.join(', ')}`, 'name', name),
    );
  }
  return builders[name]!(options as never);
}
