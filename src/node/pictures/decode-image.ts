import { drawCropBox } from '../../augmentations/geometry/crop-box.js';
import { roundHalfEven } from '../../augmentations/geometry/rounding.js';
import { availableCores } from '../../backend/available-cores.js';
import { toBytes } from '../../data/formats/bytes.js';
import type {
  CropPlan,
  CutViews,
  DecodePictures,
  EncodedPicture,
  Picture,
  PictureToCut,
} from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger } from '../../errors/checks.js';
import { DataError, InvalidOptionError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import { drawsFromWords } from '../../random/random-words.js';
import { importOptional } from '../backends/optional-package.js';
import { type FilePath, isURL } from '../files/file-path.js';
import { readBytes } from '../files/read-bytes.js';
import { cutViews } from './cut-views.js';
import { openPicture } from './open-picture.js';
import { resampleBox } from './resample-box.js';

/** Options of {@link decodeImage}. */
export interface DecodeImageOptions {
  /**
   * Size of the result in pixels: one number for a square, or `[height, width]`.
   *
   * @defaultValue the picture's own
   */
  size?: number | readonly [height: number, width: number];
  /**
   * How a picture of another shape is fitted to `size`: 'cover' crops around the center, 'contain' adds borders of the
   * `background`, 'fill' distorts.
   *
   * @defaultValue `'cover'`
   */
  fit?: 'cover' | 'contain' | 'fill';
  /**
   * Color behind transparent pixels and of borders: red, green and blue, 0-255.
   *
   * @defaultValue white
   */
  background?: readonly [red: number, green: number, blue: number];
  /**
   * Largest number of pixels of a picture; a larger one is refused before it fills the memory. Integer >= 1.
   *
   * @defaultValue `268402689`, sharp's own limit (0x3fff squared)
   */
  maxPixels?: number;
}

/** A decoded picture. */
export interface DecodedImage {
  /** Red, green and blue of each pixel, 0-255, row by row. */
  data: Uint8Array;
  /** `[height, width, 3]`. */
  shape: [height: number, width: number, channels: 3];
}

/** The checked form of {@link DecodeImageOptions}, in sharp's terms. */
export interface DecodePlan {
  size: readonly [height: number, width: number] | undefined;
  fit: 'cover' | 'contain' | 'fill';
  background: { r: number; g: number; b: number };
  maxPixels: number;
}

/** @throws `InvalidOptionError` when an option is outside its domain. */
export function decodePlan(caller: string, options: DecodeImageOptions): DecodePlan {
  const { size, fit = 'cover', background = [255, 255, 255], maxPixels = 0x3fff * 0x3fff } = options;
  const pair = typeof size === 'number' ? ([size, size] as const) : size;
  if (pair !== undefined) {
    const [height, width] = Array.isArray(pair) ? pair : [Number.NaN, Number.NaN];
    checkInteger(caller, 'size', height);
    checkInteger(caller, 'size', width);
  }
  checkChoice(caller, 'fit', fit, ['cover', 'contain', 'fill']);
  checkInteger(caller, 'maxPixels', maxPixels);
  const [r, g, b] = background;
  for (const value of [r, g, b]) {
    checkInteger(caller, 'background', value, 0);
    if (value > 255) throw new InvalidOptionError(`${caller}: background must be 0-255. Received: ${value}.`);
  }
  return { size: pair, fit, background: { r, g, b }, maxPixels };
}

type Sharp = Awaited<ReturnType<typeof loadSharp>>;

/** The package that decodes. */
export async function loadSharp(caller: string): Promise<typeof import('sharp').default> {
  return (await importOptional<typeof import('sharp')>(caller, 'sharp')).default;
}

/** The error of bytes that are not a picture. `source` is the name of the bytes, where they have one. */
export function undecodable(
  caller: string,
  source: string | undefined,
  bytes: number,
  cause: { message: string },
): DataError {
  const received = source === undefined ? `${bytes} bytes` : `path=${JSON.stringify(source)}`;
  return new DataError(
    `${caller}: a whole picture in a format that sharp reads (JPEG, PNG, WebP, GIF, TIFF, AVIF, SVG) is expected. ` +
      `Received: ${received} (${cause.message.trim().replaceAll('\n', '; ')}).`,
    source,
    { cause },
  );
}

/** Decodes the bytes of one picture. The program in decode-worker.ts does the same on other threads. */
async function decodePixels(sharp: Sharp, bytes: Uint8Array, plan: DecodePlan): Promise<DecodedImage> {
  const { size, fit, background } = plan;
  let pipeline = await openPicture(sharp, bytes, plan);
  if (size) pipeline = pipeline.resize(size[1], size[0], { fit, background });
  const { data, info } = await pipeline
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`${info.channels} channels`);
  return {
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    shape: [info.height, info.width, 3],
  };
}

/** Decodes the bytes of one picture. `source` is what errors name. */
export async function decodeBytes(
  caller: string,
  bytes: Uint8Array,
  plan: DecodePlan,
  source: string | undefined,
): Promise<DecodedImage> {
  const sharp = await loadSharp(caller);
  try {
    return await decodePixels(sharp, bytes, plan);
  } catch (error) {
    throw undecodable(caller, source, bytes.length, error as Error);
  }
}

/** Decodes the bytes of one picture and cuts its views, one per crop. The program in decode-worker.ts does the same. */
async function cutBytes(
  caller: string,
  bytes: Uint8Array,
  plan: DecodePlan,
  picture: PictureToCut,
  crops: readonly CropPlan[],
  keep: boolean,
): Promise<readonly Picture[]> {
  const sharp = await loadSharp(caller);
  try {
    return await cutViews(bytes, picture, crops, keep, {
      measure: async (encoded) => {
        const { autoOrient } = await sharp(encoded, { limitInputPixels: plan.maxPixels }).metadata();
        return [autoOrient.height, autoOrient.width];
      },
      decode: (encoded, size) => decodePixels(sharp, encoded, { ...plan, size, fit: 'fill' }),
      drawBox: (own, size, crop) => drawCropBox(drawsFromWords(own), size, crop, roundHalfEven),
      resampleBox,
    });
  } catch (error) {
    throw undecodable(caller, picture.name, bytes.length, error as Error);
  }
}

/**
 * Decodes a picture file to 8-bit sRGB:
 *
 * - The rotation in its EXIF data is applied.
 * - Gray, CMYK, 16-bit and 32-bit pictures are converted, through their color profile if they have one. 32-bit pictures
 *   with a profile are refused. Floating-point samples are taken as linear light from 0 to 1.
 * - Transparent pixels are blended with the `background`. Further channels are dropped.
 * - Of an animation, the first frame is decoded.
 *
 * Resizing is sharp's: Lanczos with 3 lobes, antialiased.
 *
 * @param image - File name, `file:` URL (an object or text), or the bytes of the file.
 * @returns The pixels, bytes 0-255, of shape `[height, width, 3]`.
 * @throws `DataError` when the file cannot be read, is not a picture, is damaged or cut off; `path` of the error
 *   names it.
 * @throws `InvalidOptionError` when an option is outside its domain.
 * @throws `SimCLRError` when the optional package `sharp` is not installed.
 * @example
 * const { data, shape } = await decodeImage('cat.jpg', { size: 96 }); // shape: [96, 96, 3]
 */
export async function decodeImage(
  image: FilePath | Uint8Array | ArrayBuffer,
  options: DecodeImageOptions = {},
): Promise<DecodedImage> {
  checkKeys('decodeImage', options, { size: 1, fit: 1, background: 1, maxPixels: 1 });
  const plan = decodePlan('decodeImage', options);
  if (typeof image === 'string' || isURL(image)) {
    const bytes = await readBytes('decodeImage', image);
    return decodeBytes('decodeImage', bytes, plan, String(image));
  }
  return decodeBytes('decodeImage', toBytes('decodeImage', 'image', image), plan, undefined);
}

/** Runs `work(0) ... work(count - 1)`, at most `concurrency` at a time, and starts no more after an error. */
async function inParallel(
  count: number,
  concurrency: number | undefined,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < count && !failed) {
      try {
        await work(next++);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = Math.min(count, concurrency ?? availableCores());
  await Promise.all(Array.from({ length: workers }, worker));
}

/** Decodes one picture of a data set. A damaged picture gives an error as its result; it does not throw. */
async function attempt<T>(
  caller: string,
  { name, bytes, image }: EncodedPicture & Pick<PictureToCut, 'image'>,
  decode: (bytes: Uint8Array) => Promise<T>,
): Promise<T | DataError> {
  try {
    return await decode(bytes ?? (image ? new Uint8Array(0) : await readBytes(caller, name)));
  } catch (error) {
    if (isError(error, 'DataError')) return error;
    throw error;
  }
}

/**
 * Decodes pictures on libuv's thread pool, and passes on each result.
 *
 * A picture that fails is decoded again alone to learn the reason: libvips has one error buffer, in which the messages of
 * pictures that fail at the same time are mixed up or lost.
 */
export function decodeEach(
  caller: string,
  plan: DecodePlan,
  pictures: readonly EncodedPicture[],
  options: DecodeEachOptions,
  consume: (result: DecodedImage | DataError, index: number) => void,
): Promise<void> {
  const decode = (bytes: Uint8Array, { name }: EncodedPicture) => decodeBytes(caller, bytes, plan, name);
  return attemptEach(caller, pictures, decode, options, consume);
}

interface DecodeEachOptions {
  concurrency: number | undefined;
  signal?: AbortSignal | undefined;
  /** Begins no other after one failed. */
  stopOnFailure?: boolean;
}

async function attemptEach<P extends EncodedPicture, T>(
  caller: string,
  pictures: readonly P[],
  decode: (bytes: Uint8Array, picture: P) => Promise<T>,
  options: DecodeEachOptions,
  consume: (result: T | DataError, index: number) => void,
): Promise<void> {
  const once = (picture: P) => attempt(caller, picture, (bytes) => decode(bytes, picture));
  const failed: number[] = [];
  await inParallel(pictures.length, options.concurrency, async (i) => {
    if (options.signal?.aborted || (options.stopOnFailure && failed.length > 0)) return;
    const result = await once(pictures[i]!);
    if (isError(result, 'DataError')) failed.push(i);
    else consume(result, i);
  });
  for (const i of failed.sort((a, b) => a - b)) consume(await once(pictures[i]!), i);
}

/** Decodes a batch from the calling thread, which must be free to start each picture. */
export function decodeHere(
  caller: string,
  plan: DecodePlan,
  concurrency: number | undefined,
): DecodePictures {
  const decode: DecodePictures = async (pictures, signal) => {
    const results: (DecodedImage | DataError)[] = [];
    await decodeEach(caller, plan, pictures, { concurrency, signal }, (result, i) => {
      results[i] = result;
    });
    return results;
  };
  const cut: CutViews = async (pictures, crops, { keep = false, signal } = {}) => {
    const results: (readonly Picture[] | DataError)[] = [];
    const each = (bytes: Uint8Array, picture: PictureToCut) =>
      cutBytes(caller, bytes, plan, picture, crops, keep);
    await attemptEach(caller, pictures, each, { concurrency, signal }, (result, i) => {
      results[i] = result;
    });
    return results;
  };
  return Object.assign(decode, { cut });
}
