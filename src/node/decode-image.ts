import { availableParallelism } from 'node:os';
import { toBytes } from '../data/bytes.js';
import { checkChoice, checkInteger } from '../errors/checks.js';
import { DataError, InvalidOptionError } from '../errors/errors.js';
import { importOptional } from './optional-package.js';
import { type FilePath, readBytes } from './read-bytes.js';

/** Options of {@link decodeImage}. */
export interface DecodeImageOptions {
  /** Size of the result in pixels: one number for a square, or `[height, width]`. Default: the picture's own. */
  size?: number | readonly [height: number, width: number];
  /**
   * How a picture of another shape is brought to `size`: 'cover' crops around the centre, 'contain' adds borders of
   * the `background`, 'fill' distorts. Default 'cover'.
   */
  fit?: 'cover' | 'contain' | 'fill';
  /** Colour behind transparent pixels and of borders: red, green and blue, 0-255. Default white. */
  background?: readonly [red: number, green: number, blue: number];
}

/** A picture in ordinary memory. */
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
}

/** @throws `InvalidOptionError` when an option is outside its domain. */
export function decodePlan(caller: string, options: DecodeImageOptions): DecodePlan {
  const { size, fit = 'cover', background = [255, 255, 255] } = options;
  const pair = typeof size === 'number' ? ([size, size] as const) : size;
  if (pair !== undefined) {
    const [height, width] = Array.isArray(pair) ? pair : [Number.NaN, Number.NaN];
    checkInteger(caller, 'size', height);
    checkInteger(caller, 'size', width);
  }
  checkChoice(caller, 'fit', fit, ['cover', 'contain', 'fill']);
  const [r, g, b] = background;
  for (const value of [r, g, b]) {
    checkInteger(caller, 'background', value, 0);
    if (value > 255) throw new InvalidOptionError(`${caller}: background must be 0-255. Received: ${value}.`);
  }
  return { size: pair, fit, background: { r, g, b } };
}

/** The package that decodes. */
export function loadSharp(caller: string) {
  return importOptional(caller, 'sharp', async () => (await import('sharp')).default);
}

/** Decodes the bytes of one picture. `source` is what errors name. */
export async function decodeBytes(
  caller: string,
  bytes: Uint8Array,
  plan: DecodePlan,
  source: string | undefined,
): Promise<DecodedImage> {
  const sharp = await loadSharp(caller);
  const { size, fit, background } = plan;
  try {
    let pipeline = sharp(bytes, { failOn: 'error' }).autoOrient().flatten({ background });
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
  } catch (error) {
    const received = source === undefined ? `${bytes.length} bytes` : `path=${JSON.stringify(source)}`;
    throw new DataError(
      `${caller}: a whole picture in a format that sharp reads (JPEG, PNG, WebP, GIF, TIFF, AVIF, SVG) is expected. ` +
        `Received: ${received} (${(error as Error).message.trim().replaceAll('\n', '; ')}).`,
      source,
      { cause: error },
    );
  }
}

/**
 * Reads a picture file as 8-bit sRGB, whatever it is: the rotation in its EXIF data is applied; grey, CMYK and
 * 16-bit pictures are converted, through their colour profile where there is one; transparency is laid over the
 * `background`; an animation gives its first frame.
 *
 * Resizing is sharp's: Lanczos with 3 lobes, antialiased.
 *
 * @param image - File name, `file:` URL, or the bytes of the file.
 * @throws `DataError` when the file cannot be read, is no picture, is damaged or cut off; `path` of the error
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
  const plan = decodePlan('decodeImage', options);
  if (typeof image === 'string' || image instanceof URL) {
    const bytes = await readBytes('decodeImage', image);
    return decodeBytes('decodeImage', bytes, plan, String(image));
  }
  return decodeBytes('decodeImage', toBytes('decodeImage', 'image', image), plan, undefined);
}

/** Runs `work(0) ... work(count - 1)`, at most `concurrency` at a time; stops beginning new ones after an error. */
export async function inParallel(
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
  const workers = Math.min(count, concurrency ?? availableParallelism());
  await Promise.all(Array.from({ length: workers }, worker));
}
