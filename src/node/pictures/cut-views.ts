import type { CropBox } from '../../augmentations/geometry/crop-box.js';
import type { Picture, PictureToCut } from '../../data/index.js';
import type { CropPlan } from '../../data/view-crops.js';
import type { FractionalBox } from './resample-box.js';

/**
 * The functions that {@link cutViews} calls; passed in, because its source is also part of the program of other
 * threads.
 */
export interface CuttingTools {
  /** Size of a picture as it is seen, in pixels. */
  measure(bytes: Uint8Array): Promise<readonly [height: number, width: number]>;
  /** Decodes a picture, to another size where one is given. */
  decode(bytes: Uint8Array, size: readonly [height: number, width: number] | undefined): Promise<Picture>;
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
 * size, which formats such as JPEG do for a fraction of the work; each box then still has at least two pixels for one
 * of the view, so that the view hardly differs. What is to be kept is decoded as {@link CutViewsOptions} says.
 *
 * Refers to nothing outside of itself, because its text is also part of the program of other threads. For the same
 * reason it does without `??` and `?.`: the compiler of the CommonJS build puts helpers of its own in their place.
 */
export async function cutViews(
  bytes: Uint8Array,
  { words, image }: Pick<PictureToCut, 'words' | 'image'>,
  crops: readonly CropPlan[],
  keep: boolean,
  tools: CuttingTools,
): Promise<Picture[]> {
  // What a side of the smallest crop, or of the boxes themselves, has more than a side of the view.
  let imageSize = image ? ([image.shape[0], image.shape[1]] as const) : await tools.measure(bytes);
  let boxes = crops.map((crop, view) => tools.drawBox(words[view]!, imageSize, crop));
  const surplus = keep
    ? crops.map(({ size, scale }) =>
        Math.sqrt((scale[0] * imageSize[0] * imageSize[1]) / (size[0] * size[1])),
      )
    : boxes.map(([, , height, width], view) =>
        Math.min(height / crops[view]!.size[0], width / crops[view]!.size[1]),
      );
  let reduction = 1;
  while (surplus.every((factor) => factor >= (keep ? 2 : 4) * reduction)) reduction *= 2;
  const reduced = imageSize.map((side) => Math.max(1, Math.floor(side / reduction)));
  const size = reduction === 1 ? undefined : ([reduced[0]!, reduced[1]!] as const);
  const whole: Picture = image ? image : await tools.decode(bytes, size);
  if (keep && !image) {
    // Of what was kept no other size is known.
    imageSize = [whole.shape[0], whole.shape[1]];
    boxes = crops.map((crop, view) => tools.drawBox(words[view]!, imageSize, crop));
  }
  const zoom = [whole.shape[0] / imageSize[0], whole.shape[1] / imageSize[1]] as const;
  const views: Picture[] = crops.map((crop, view) => {
    const [top, left, height, width] = boxes[view]!;
    const box = [top * zoom[0], left * zoom[1], height * zoom[0], width * zoom[1]] as const;
    const pixels = whole.data as Uint8Array;
    return {
      data: tools.resampleBox(pixels, whole.shape[1], box, crop.size, crop.interpolation),
      shape: [crop.size[0], crop.size[1], 3],
    };
  });
  return keep && !image ? [...views, whole] : views;
}
