import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { ComposeParameters } from '../compose.js';
import { resolveSize } from '../image-checks.js';
import type { DescribedTransform, ImageSize } from '../transform.js';
import {
  type SimCLRAugmentationOptions,
  simclrAugmentation,
  simclrAugmentationKeys,
} from './simclr-augmentation.js';

/** The small crops of {@link multiCropAugmentation}: options that differ from those of the large ones. */
export interface SmallCropsOptions extends SimCLRAugmentationOptions {
  /**
   * How many there are. Integer >= 1.
   *
   * @defaultValue `6`, as in SwAV and in lightly's DINO
   */
  views?: number;
  /**
   * Their size in pixels; one number for a square. At most that of the large ones.
   *
   * @defaultValue 3/7 of the large ones, as 96 of 224, rounded to a multiple of 8, and at least 8
   */
  size?: number | ImageSize;
  /**
   * Smallest and largest share of the picture's area that they cover.
   *
   * @defaultValue `[0.05, s]`, where s is the smallest share of the large ones
   */
  scale?: readonly [number, number];
}

/** Options of {@link multiCropAugmentation}: those of {@link simclrAugmentation} hold for all crops. */
export interface MultiCropAugmentationOptions extends SimCLRAugmentationOptions {
  /**
   * Size of the large crops in pixels; one number for a square.
   *
   * @defaultValue `96` (STL-10)
   */
  size?: number | ImageSize;
  /**
   * Smallest and largest share of the picture's area that large crops cover.
   *
   * @defaultValue `[0.4, 1]`, DINO's; SwAV has `[0.14, 1]`
   */
  scale?: readonly [number, number];
  /**
   * The small crops: how many, their size and scale, and any other option in which they differ from the large ones.
   *
   * @defaultValue six, of 5 to 40 % of the area
   */
  small?: SmallCropsOptions;
}

/** Pixels of small crops per pixel of large ones: 96 of 224. */
const smallShare = 3 / 7;

function smallSide(pixels: number): number {
  return Math.min(pixels, Math.max(8, 8 * Math.round((smallShare * pixels) / 8)));
}

/**
 * Multi-crop: two large views of each picture and some small ones, which cost little and show details.
 *
 * Each view is made by {@link simclrAugmentation}. Pass the array as `augmentation` of `SimCLR`. The encoder must take
 * both sizes: all networks of this library do, also with a fixed `inputShape`.
 *
 * @param options - {@link MultiCropAugmentationOptions}.
 * @returns A transform for each view: two large ones, then the small ones.
 * @throws {@link InvalidOptionError} when an option is outside its domain, or small crops are larger than large ones.
 * @example
 * const augmentation = multiCropAugmentation({ size: 32, strength: 0.5, blur: false, small: { size: 16, views: 4 } });
 * const simclr = new SimCLR({ encoder, augmentation });
 * @see Caron et al. 2020, arXiv:2006.09882, section 3.2 (SwAV); Caron et al. 2021, arXiv:2104.14294 (DINO).
 */
export function multiCropAugmentation(
  options: MultiCropAugmentationOptions = {},
): DescribedTransform<ComposeParameters>[] {
  const caller = 'multiCropAugmentation';
  checkKeys(caller, options, { ...simclrAugmentationKeys, small: 1 });
  const { small = {}, ...shared } = options;
  checkKeys(caller, small, { ...simclrAugmentationKeys, views: 1 }, 'small');
  const { views = 6, ...differing } = small;
  checkInteger(caller, 'small.views', views);
  const { scale = [0.4, 1] } = shared;
  const size = resolveSize(caller, shared.size ?? 96);
  const large = simclrAugmentation({ ...shared, size, scale });
  const smallSize = resolveSize(caller, differing.size ?? [smallSide(size[0]), smallSide(size[1])]);
  if (smallSize.some((pixels, axis) => pixels > size[axis]!)) {
    throw new InvalidOptionError(
      `${caller}: small.size must be at most the size of the large crops. Received: small.size=[${smallSize}], size=[${size}].`,
    );
  }
  const details = simclrAugmentation({
    ...shared,
    scale: [Math.min(0.05, scale[0]), scale[0]],
    ...differing,
    size: smallSize,
  });
  return [large, large, ...Array.from({ length: views }, () => details)];
}
