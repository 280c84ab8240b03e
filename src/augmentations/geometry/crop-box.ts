import type { CropPlan } from '../../data/view-crops.js';
import type { WordDraws } from '../../random/random-words.js';
import type { ImageSize } from '../transform.js';

/** A rectangle in a picture, in whole pixels. */
export type CropBox = readonly [top: number, left: number, height: number, width: number];

/**
 * As many random words as {@link drawCropBox} uses, and a few more: an unbiased draw of a place rejects a word in about
 * a million.
 */
export function wordsPerCrop({ attempts }: Pick<CropPlan, 'attempts'>): number {
  return 2 * attempts + 8;
}

/**
 * Draws the box of a random resized crop as torchvision's `RandomResizedCrop` does.
 *
 * Must not refer to anything outside itself, because its source text is also part of the program of other threads.
 *
 * @param round - Rounds halves to even, as Python does.
 */
export function drawCropBox(
  random: WordDraws,
  [height, width]: ImageSize,
  { scale, aspectRatio, attempts }: Pick<CropPlan, 'scale' | 'aspectRatio' | 'attempts'>,
  round: (value: number) => number,
): CropBox {
  const [low, high] = aspectRatio;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = height * width * random.uniform(scale[0], scale[1]);
    const ratio = Math.exp(random.uniform(Math.log(low), Math.log(high)));
    const boxWidth = round(Math.sqrt(area * ratio));
    const boxHeight = round(Math.sqrt(area / ratio));
    if (boxWidth > 0 && boxWidth <= width && boxHeight > 0 && boxHeight <= height) {
      const top = random.integer(height - boxHeight + 1);
      return [top, random.integer(width - boxWidth + 1), boxHeight, boxWidth];
    }
  }
  const ratio = width / height;
  const boxHeight = ratio < low ? Math.min(height, round(width / low)) : height;
  const boxWidth = ratio > high ? Math.min(width, round(height * high)) : width;
  return [Math.floor((height - boxHeight) / 2), Math.floor((width - boxWidth) / 2), boxHeight, boxWidth];
}
