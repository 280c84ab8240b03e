import { describeValue } from '../errors/checks.js';
import { DataError } from '../errors/errors.js';
import { type ImageArray, isBytes } from './image-array.js';
import type { CropPlan } from './view-crops.js';

/** One picture in host memory. */
export interface Picture {
  /** Row by row, the channels of a pixel together: bytes 0-255, or float32 in [0, 1]. */
  readonly data: Uint8Array | Float32Array;
  /** `[height, width, channels]`. */
  readonly shape: readonly [height: number, width: number, channels: number];
}

/** A {@link Picture}, or the same with a shape that TypeScript only knows as a list of numbers. Checked when it is used. */
export interface PictureLike {
  /** As of a {@link Picture}. */
  readonly data: Uint8Array | Float32Array;
  /** `[height, width, channels]`. */
  readonly shape: readonly number[];
}

/** The encoded bytes of a picture, or the file that holds them. */
export interface EncodedPicture {
  /** The name in errors; without `bytes`, the name of the file that the decoder reads. */
  readonly name: string;
  /** The contents of the file. */
  readonly bytes?: Uint8Array;
}

/**
 * Decodes pictures, on any thread. Returns one result per picture, in order: the picture, or the error that explains why
 * there is none.
 *
 * @param signal - Aborted when the result is no longer needed.
 */
export interface DecodePictures {
  (pictures: readonly EncodedPicture[], signal?: AbortSignal): Promise<(Picture | DataError)[]>;
  /**
   * Cuts the random crops of training out of the whole pictures, where the decoder can: those of `simclr-ts/node` do.
   * Otherwise crops are cut out of the decoded pictures.
   */
  readonly cut?: CutViews;
}

/** An encoded picture, and the random words of each of its views. */
export interface PictureToCut extends EncodedPicture {
  /** The random words that the crop boxes are drawn from; one entry per view. */
  readonly words: readonly Uint32Array[];
  /** The picture that an earlier call with `keep` returned; it is not decoded again. */
  readonly image?: Picture;
}

/** Options of {@link CutViews}. */
export interface CutViewsOptions {
  /**
   * Whether to return the whole picture too, after its views, for `image` of a later call. It is then decoded at a half,
   * a quarter, ... of its size, as long as the smallest crop has as many pixels as its view. Views are the same whether
   * the picture was kept or is decoded again.
   *
   * @defaultValue `false`
   */
  keep?: boolean;
  /** Aborted when the result is no longer needed. */
  signal?: AbortSignal | undefined;
}

/**
 * Decodes pictures and cuts the views out of each. Returns one result per picture, in order: its views, or the error
 * that explains why there are none.
 *
 * @param crops - The crop of each view.
 */
export type CutViews = (
  pictures: readonly PictureToCut[],
  crops: readonly CropPlan[],
  options?: CutViewsOptions,
) => Promise<(readonly Picture[] | DataError)[]>;

/** A picture of a data set, decoded or not, with its label and index where they are known. */
export interface ImageRecord {
  /**
   * The name in errors, and the key in a cache, which requires it: unique, and the same in every epoch.
   */
  readonly name?: string;
  /** The picture, where it is decoded. */
  readonly image?: PictureLike;
  /** Contents of its file, where it is not. */
  readonly bytes?: Uint8Array;
  /** Its class, an integer >= 0. */
  readonly label?: number;
  /**
   * Its index in the data set, which seeds its random augmentation.
   *
   * @defaultValue its place in the epoch
   */
  readonly index?: number;
}

/** @throws {@link DataError} unless `picture` is one. */
function checkPicture(caller: string, name: string, picture: PictureLike): asserts picture is Picture {
  const { data, shape } = picture ?? {};
  const floats = Object.prototype.toString.call(data) === '[object Float32Array]';
  const valid =
    (isBytes(data) || floats) &&
    shape?.length === 3 &&
    shape.every((size) => Number.isInteger(size) && size >= 1) &&
    data.length === shape.reduce((product, size) => product * size);
  if (!valid) {
    throw new DataError(
      `${caller}: a picture must have a shape [height, width, channels] and as many bytes or float32 values. Received: ${name} with shape ${describeValue(shape)} and ${data?.length} values.`,
      name,
    );
  }
}

/**
 * Pictures of one size as one array.
 *
 * @throws {@link DataError} naming the first that differs from those before in size or kind.
 */
export function stackPictures(
  caller: string,
  names: readonly string[],
  pictures: readonly Picture[],
): ImageArray {
  const [first] = pictures;
  if (!first) return { data: new Uint8Array(0), shape: [0, 1, 1, 3] };
  checkPicture(caller, names[0]!, first);
  const size = first.data.length;
  const data = isBytes(first.data)
    ? new Uint8Array(pictures.length * size)
    : new Float32Array(pictures.length * size);
  for (const [row, picture] of pictures.entries()) {
    checkPicture(caller, names[row]!, picture);
    const same = picture.shape.every((value, axis) => value === first.shape[axis]);
    if (!same || isBytes(picture.data) !== isBytes(first.data)) {
      const describe = (one: Picture) => `[${one.shape}] ${isBytes(one.data) ? 'bytes' : 'float32'}`;
      throw new DataError(
        `${caller}: the pictures of a batch must have one size and kind; decode them with a size. ` +
          `Received: ${names[row]} of ${describe(picture)}, ${names[0]} of ${describe(first)}.`,
        names[row],
      );
    }
    data.set(picture.data, row * size);
  }
  return { data, shape: [pictures.length, ...first.shape] };
}

/** A picture that was skipped, because it could not be read or decoded. */
export interface SkippedImage {
  /** Its name. */
  path: string;
  /** Why. */
  reason: string;
}
