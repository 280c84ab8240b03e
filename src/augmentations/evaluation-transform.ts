import { checkKeys } from '../errors/check-keys.js';
import { checkFraction } from '../errors/checks.js';
import { type ComposeParameters, compose } from './compose.js';
import { centerCrop } from './geometry/center-crop.js';
import type { Interpolation } from './geometry/resampling-weights.js';
import { resize } from './geometry/resize.js';
import { roundHalfEven } from './geometry/rounding.js';
import { resolveSize } from './image-checks.js';
import { type NormalizeOptions, normalize } from './normalize.js';
import type { DescribedTransform, ImageSize } from './transform.js';

/** Options of {@link evaluationTransform}. */
export interface EvaluationTransformOptions {
  /**
   * Size of the result in pixels; one number for a square.
   *
   * @defaultValue `96` (STL-10)
   */
  size?: number | ImageSize;
  /**
   * Part of each side that is kept, in (0, 1]: pictures are resized to `size / cropProportion` and the middle is
   * cut out. ImageNet usually uses 0.875 (224 of 256).
   *
   * @defaultValue `1` (nothing is cut off, as is usual for CIFAR-10 and STL-10)
   */
  cropProportion?: number;
  /**
   * How pictures are resized.
   *
   * @defaultValue `'bilinear'`
   */
  interpolation?: Interpolation;
  /**
   * Antialias when a picture shrinks.
   *
   * @defaultValue `true`
   */
  antialias?: boolean;
  /** Shift and scale of each channel at the end; the same as in training. */
  normalization?: NormalizeOptions;
}

/**
 * The transform without randomness, for embeddings, probes, and tests.
 *
 * @param options - {@link EvaluationTransformOptions}.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const ready = augment(evaluationTransform({ size: 96 }), images, randomGenerator(0)); // the seed does not matter
 */
export function evaluationTransform(
  options: EvaluationTransformOptions = {},
): DescribedTransform<ComposeParameters> {
  const name = 'evaluationTransform';
  checkKeys(name, options, { size: 1, cropProportion: 1, interpolation: 1, antialias: 1, normalization: 1 });
  const size = resolveSize(name, options.size ?? 96);
  const { cropProportion = 1, interpolation = 'bilinear', antialias = true, normalization } = options;
  checkFraction(name, 'cropProportion', cropProportion);

  const resized: ImageSize = [
    roundHalfEven(size[0] / cropProportion),
    roundHalfEven(size[1] / cropProportion),
  ];
  const parts: DescribedTransform<unknown>[] = [resize({ size: resized, interpolation, antialias })];
  if (cropProportion < 1) parts.push(centerCrop({ size }));
  if (normalization) parts.push(normalize(normalization));
  return {
    ...compose(parts),
    name,
    config: {
      name,
      options: {
        size,
        cropProportion,
        interpolation,
        antialias,
        ...(normalization ? { normalization } : {}),
      },
    },
  };
}
