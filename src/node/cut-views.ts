import type { CropBox } from '../augmentations/crop-box.js';
import type { CropPlan } from '../data/view-crops.js';
import type { DecodedImage, DecodePlan } from './decode-image.js';
import type { FractionalBox } from './resample-box.js';

/** What {@link cutViews} is made of; handed over, because its text is also part of the program of other threads. */
export interface CuttingTools {
  /** Size of a picture as it is seen, in pixels. */
  measure(bytes: Uint8Array): Promise<readonly [height: number, width: number]>;
  /** Decodes a picture. */
  decode(bytes: Uint8Array, plan: DecodePlan): Promise<DecodedImage>;
  /** The box of a crop in a picture of that size. */
  drawBox(words: Uint32Array, imageSize: readonly [number, number], crop: CropPlan): CropBox;
  resampleBox(
    data: Uint8Array,
    width: number,
    box: FractionalBox,
    size: readonly [number, number],
    interpolation: 'bilinear' | 'bicubic',
  ): Uint8Array;
}

/**
 * Decodes a picture once and cuts its views out of it.
 *
 * Where each box is at least four times as large as its view, the picture is decoded at a half, a quarter, ... of its
 * size, which formats such as JPEG do for a fraction of the work; each box then still has at least two pixels for one of
 * the view, so that the view hardly differs.
 *
 * Refers to nothing outside of itself, because its text is also part of the program of other threads.
 */
export async function cutViews(
  bytes: Uint8Array,
  plan: DecodePlan,
  crops: readonly CropPlan[],
  words: readonly Uint32Array[],
  tools: CuttingTools,
): Promise<DecodedImage[]> {
  const imageSize = await tools.measure(bytes);
  const boxes = crops.map((crop, view) => tools.drawBox(words[view]!, imageSize, crop));
  const surplus = boxes.map(([, , height, width], view) =>
    Math.min(height / crops[view]!.size[0], width / crops[view]!.size[1]),
  );
  let reduction = 1;
  while (surplus.every((factor) => factor >= 4 * reduction)) reduction *= 2;
  const reduced = imageSize.map((side) => Math.max(1, Math.floor(side / reduction)));
  const size = reduction === 1 ? undefined : ([reduced[0]!, reduced[1]!] as const);
  const { data, shape } = await tools.decode(bytes, { ...plan, size, fit: 'fill' });
  const zoom = [shape[0] / imageSize[0], shape[1] / imageSize[1]] as const;
  return crops.map((crop, view) => {
    const [top, left, height, width] = boxes[view]!;
    const box = [top * zoom[0], left * zoom[1], height * zoom[0], width * zoom[1]] as const;
    return {
      data: tools.resampleBox(data, shape[1], box, crop.size, crop.interpolation),
      shape: [crop.size[0], crop.size[1], 3],
    };
  });
}
