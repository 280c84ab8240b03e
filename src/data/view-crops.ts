import type { DataError } from '../errors/errors.js';
import type { EncodedPicture, Picture } from './picture.js';

/** A random resized crop as plain data: what a decoder needs to cut it out of the whole picture. */
export interface CropPlan {
  /** Size of the view in pixels. */
  readonly size: readonly [height: number, width: number];
  /** Smallest and largest part of the picture's area that a crop covers, in [0, 1]. */
  readonly scale: readonly [number, number];
  /** Smallest and largest width/height of a crop, in pixels. */
  readonly aspectRatio: readonly [number, number];
  /** Boxes drawn before falling back to the largest central box whose shape is allowed. */
  readonly attempts: number;
  /** How the crop is resized, with antialiasing. */
  readonly interpolation: 'bilinear' | 'bicubic';
}

/** A view that training asks of a data set whose decoder cuts it. */
export interface ViewRequest {
  /** The crop that the view begins with. */
  readonly crop: CropPlan;
  /** The random words that the crop of a picture is drawn from, by the picture's number in the data set. */
  words(index: number): Uint32Array;
}

/** A picture in a file, and the random words of each of its views. */
export interface PictureToCut extends EncodedPicture {
  /** What the boxes are drawn from, once the size of the picture is known; one entry per view. */
  readonly words: readonly Uint32Array[];
  /** What an earlier call with `keep` gave for the picture, which is then not decoded again. */
  readonly image?: Picture;
}

/** Options of {@link CutViews}. */
export interface CutViewsOptions {
  /**
   * Whether the whole picture comes too, behind its views, for `image` of a later call. It is then decoded at a half, a
   * quarter, ... of its size, as long as the smallest crop has as many pixels as its view; views are the same whether
   * the picture was kept or is decoded again.
   *
   * @defaultValue `false`
   */
  keep?: boolean;
  /** Aborted when nobody waits for the result any more. */
  signal?: AbortSignal | undefined;
}

/**
 * Decodes pictures and cuts the views out of each. One result for each, in order: its views, or the error that says why
 * there are none.
 *
 * @param crops - How the views are cut, one entry per view.
 */
export type CutViews = (
  pictures: readonly PictureToCut[],
  crops: readonly CropPlan[],
  options?: CutViewsOptions,
) => Promise<(readonly Picture[] | DataError)[]>;
