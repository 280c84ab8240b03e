import { greaterEqual, sub, type Tensor4D, tidy, where } from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { checkProbability } from '../../errors/checks.js';
import { checkImages } from '../image-checks.js';
import type { DescribedTransform } from '../transform.js';

/** Options of {@link solarize}. */
export interface SolarizeOptions {
  /**
   * Values from here up are inverted, in [0, 1].
   *
   * @defaultValue `0.5` (128 of 255 in BYOL, which applies it to one view with probability 0.2)
   */
  threshold?: number;
}

/**
 * Inverts bright values: `x >= threshold ? 1 - x : x`. Draws nothing; wrap it in {@link randomApply} for a probability.
 *
 * @param options - {@link SolarizeOptions}.
 * @throws {@link InvalidOptionError} when `threshold` is outside [0, 1].
 * @example
 * const sometimes = randomApply(solarize(), { probability: 0.2 });
 * @see Grill et al. 2020, arXiv:2006.07733, appendix B; torchvision's `solarize`.
 */
export function solarize(options: SolarizeOptions = {}): DescribedTransform<null> {
  const name = 'solarize';
  checkKeys(name, options, { threshold: 1 });
  const { threshold = 0.5 } = options;
  checkProbability(name, 'threshold', threshold);
  return {
    name,
    config: { name, options: { threshold } },
    sample: () => null,
    apply(images) {
      checkImages(name, images);
      return tidy(() => where<Tensor4D>(greaterEqual(images, threshold), sub(1, images), images));
    },
  };
}
