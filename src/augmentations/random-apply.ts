import { tidy } from '@tensorflow/tfjs-core';
import { checkKeys } from '../errors/check-keys.js';
import { checkInteger, checkProbability, checkSameShape } from '../errors/checks.js';
import { checkImages, checkRows } from './image-checks.js';
import { changeSelected, drawSelection } from './selection.js';
import { applyTransform, type DescribedTransform, type Transform } from './transform.js';

/** Options of {@link randomApply}. */
export interface RandomApplyOptions {
  /** Probability that a picture is transformed, in [0, 1]. */
  probability: number;
}

/** Parameters of {@link randomApply}. */
export interface RandomApplyParameters<P> {
  /** 1 for a picture that is transformed, 0 for one that is left as it is. `[batch]`. */
  selected: Uint8Array;
  /** Parameters of the inner transform, one row per picture, whether it is transformed or not. */
  inner: P;
}

/**
 * Applies a transform to each picture with a probability; the others stay as they are, bit for bit.
 *
 * The inner transform draws from `random.fold(0)`. It runs on the whole batch, unless no picture is selected or it has
 * `applySelected`.
 *
 * @param transform - A transform that keeps the pictures' size; `apply` throws {@link ShapeError} if it does not.
 * @param options - {@link RandomApplyOptions}.
 * @throws {@link InvalidOptionError} when `probability` is outside [0, 1].
 * @example
 * const blur = randomApply(gaussianBlur(), { probability: 0.5 });
 */
export function randomApply<P>(
  transform: DescribedTransform<P>,
  options: RandomApplyOptions,
): DescribedTransform<RandomApplyParameters<P>>;
/** Accepts a custom transform without `config`; the result has none either. */
export function randomApply<P>(
  transform: Transform<P>,
  options: RandomApplyOptions,
): Transform<RandomApplyParameters<P>>;
export function randomApply<P>(
  transform: Transform<P>,
  options: RandomApplyOptions,
): Transform<RandomApplyParameters<P>> {
  const name = 'randomApply';
  checkKeys(name, options, { probability: 1 });
  const { probability } = options;
  checkProbability(name, 'probability', probability);
  const { config } = transform;
  return {
    name,
    ...(config === undefined ? {} : { config: { name, options: { transform: config, probability } } }),

    sample(batchSize, random, imageSize) {
      checkInteger(name, 'batchSize', batchSize);
      return {
        selected: drawSelection(batchSize, random, probability),
        inner: transform.sample(batchSize, random.fold(0), imageSize),
      };
    },

    apply(images, { selected, inner }) {
      checkImages(name, images);
      checkRows(name, 'selected', selected, images.shape[0]);
      return tidy(() => {
        const direct = transform.applySelected?.(images, inner, selected);
        if (direct) return direct;
        return changeSelected(images, selected, (all) => {
          const changed = applyTransform(transform, all, inner);
          checkSameShape(name, 'images', all, `result of ${transform.name}`, changed);
          return changed;
        });
      });
    },
  };
}
