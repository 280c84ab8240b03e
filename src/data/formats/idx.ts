import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice } from '../../errors/checks.js';
import { DataError, InvalidOptionError } from '../../errors/errors.js';
import type { ImageArray } from '../image-array.js';
import type { LabeledImages } from '../labeled-images.js';
import { type FileBytes, toBytes } from './bytes.js';
import { gunzip, isGzip } from './gunzip.js';

/** The contents of an IDX file of bytes. */
export interface IDXArray {
  /** The values, last axis fastest. */
  data: Uint8Array;
  /** Size of each axis: `[count]` in a file of labels, `[count, height, width]` in a file of pictures. */
  shape: number[];
}

/** Options of {@link parseIDXImages}. */
export interface IDXImagesOptions {
  /**
   * Channels of the pictures: 1, or 3 with the gray value in each, for encoders of color pictures.
   *
   * @defaultValue `1`
   */
  channels?: 1 | 3;
}

const unsignedByte = 0x08;
const otherTypes: Record<number, string> = {
  9: 'int8',
  11: 'int16',
  12: 'int32',
  13: 'float32',
  14: 'float64',
};

/** Each gray value as red, green and blue. */
export function threefold(gray: Uint8Array): Uint8Array {
  const data = new Uint8Array(3 * gray.length);
  for (let i = 0; i < gray.length; i++) data.fill(gray[i]!, 3 * i, 3 * i + 3);
  return data;
}

/**
 * Number of axes that the first four bytes of an IDX file of bytes promise.
 *
 * @param source - The file, where its name is known.
 * @param argument - What the bytes are called where they were given.
 * @throws {@link DataError} when they are not an IDX header.
 */
export function idxAxes(caller: string, file: Uint8Array, source?: string, argument = 'bytes'): number {
  const start = [...file.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const named = source === undefined ? '' : ` in ${source}`;
  const axes = file[3] ?? 0;
  if (file.length < 4 || file[0] !== 0 || file[1] !== 0 || axes === 0) {
    throw new DataError(
      `${caller}: ${argument} must start with 00 00, a type and a number of axes > 0. Received: ${file.length} bytes${start && `, starting with ${start}`}${named}.`,
      source,
    );
  }
  if (file[2] !== unsignedByte) {
    const type = otherTypes[file[2]!] ?? 'an unknown type';
    throw new DataError(
      `${caller}: the values of ${argument} must be unsigned bytes (type 08). Received: ${type} (${start})${named}.`,
      source,
    );
  }
  return axes;
}

/** Sizes of the axes, big-endian 32-bit numbers from `offset` on. */
export function idxShape(file: Uint8Array, axes: number, offset: number): number[] {
  const view = new DataView(file.buffer, file.byteOffset + offset, 4 * axes);
  return Array.from({ length: axes }, (_, axis) => view.getUint32(4 * axis));
}

/**
 * Reads an IDX file of unsigned bytes, the format of MNIST and Fashion-MNIST.
 *
 * Layout: two zero bytes, the type (0x08), the number of axes, the size of each axis as a big-endian 32-bit
 * number, then the values.
 *
 * @param bytes - The whole file, not compressed; {@link parseIDXGzip} takes both.
 * @throws {@link DataError} when the first bytes are not an IDX header, or the type or the length is wrong.
 * @example
 * const { data, shape } = parseIDX(bytes);
 * @see http://yann.lecun.com/exdb/mnist/ ("the IDX file format")
 */
export function parseIDX(bytes: FileBytes): IDXArray {
  const file = toBytes('parseIDX', 'bytes', bytes);
  if (isGzip(file)) {
    throw new DataError(
      'parseIDX: bytes must not be compressed; parseIDXGzip takes gzip. Received: a gzip file.',
    );
  }
  return parse('parseIDX', 'bytes', file);
}

function parse(caller: string, argument: string, file: Uint8Array): IDXArray {
  const axes = idxAxes(caller, file, undefined, argument);
  const header = 4 + 4 * axes;
  if (file.length < header) {
    throw new DataError(
      `${caller}: ${argument} must have a header of ${header} bytes for ${axes} axes. Received: ${file.length} bytes.`,
    );
  }
  const shape = idxShape(file, axes, 4);
  const expected = shape.reduce((product, size) => product * size, 1);
  if (file.length - header !== expected) {
    throw new DataError(
      `${caller}: the header of ${argument} promises ${expected} values (shape [${shape}]). Received: ${file.length - header} values.`,
    );
  }
  return { data: file.slice(header), shape };
}

/** {@link parseIDXGzip} in the name of another function and of its argument. */
export async function idxArray(caller: string, argument: string, bytes: FileBytes): Promise<IDXArray> {
  const file = toBytes(caller, argument, bytes);
  return parse(caller, argument, isGzip(file) ? await gunzip(caller, file, argument) : file);
}

/**
 * Reads an IDX file of unsigned bytes, compressed with gzip or not; see {@link parseIDX}.
 *
 * @param bytes - The whole file, as `train-images-idx3-ubyte.gz` is distributed.
 * @throws {@link DataError} when the gzip stream is damaged or does not hold an IDX file of bytes.
 * @example
 * const { data, shape } = await parseIDXGzip(await response.arrayBuffer());
 */
export async function parseIDXGzip(bytes: FileBytes): Promise<IDXArray> {
  return idxArray('parseIDXGzip', 'bytes', bytes);
}

/**
 * Reads a pair of IDX files, pictures and labels, compressed with gzip or not.
 *
 * @param images - File of shape `[count, height, width]`.
 * @param labels - File of shape `[count]`; may be left out.
 * @returns Pictures of shape `[count, height, width, channels]` (0-255) and, if `labels` was given, labels.
 * @throws {@link DataError} when a file is damaged, is of another shape, or the counts differ.
 * @throws {@link InvalidOptionError} when `channels` is neither 1 nor 3.
 * @example
 * const { images, labels } = await parseIDXImages(imagesFile, labelsFile, { channels: 3 });
 */
export async function parseIDXImages(
  images: FileBytes,
  labels: FileBytes,
  options?: IDXImagesOptions,
): Promise<LabeledImages>;
export async function parseIDXImages(
  images: FileBytes,
  labels?: undefined,
  options?: IDXImagesOptions,
): Promise<Pick<LabeledImages, 'images'>>;
export async function parseIDXImages(
  images: FileBytes,
  labels?: FileBytes,
  options: IDXImagesOptions = {},
): Promise<LabeledImages | Pick<LabeledImages, 'images'>> {
  const caller = 'parseIDXImages';
  checkKeys(caller, options, { channels: 1 });
  checkChannels(caller, options);
  const gray = await idxArray(caller, 'images', images);
  const classes = labels === undefined ? undefined : await idxArray(caller, 'labels', labels);
  return labeledIDX(caller, gray, classes, options);
}

/** @throws {@link InvalidOptionError} when `channels` is neither 1 nor 3. */
export function checkChannels(caller: string, { channels = 1 }: IDXImagesOptions): void {
  checkChoice(caller, 'channels', channels, [1, 3]);
}

/** Pictures and labels of the contents of their files. @throws {@link DataError} when they do not fit. */
export function labeledIDX(
  caller: string,
  gray: IDXArray,
  classes: IDXArray | undefined,
  { channels = 1 }: IDXImagesOptions,
): LabeledImages | Pick<LabeledImages, 'images'> {
  const [count, height, width] = gray.shape;
  if (gray.shape.length !== 3 || gray.data.length === 0) {
    throw new DataError(
      `${caller}: images must have shape [count, height, width], none of them 0. Received: images=[${gray.shape}].`,
    );
  }
  const data = channels === 3 ? threefold(gray.data) : gray.data;
  const images: ImageArray = { data, shape: [count!, height!, width!, channels] };
  if (classes === undefined) return { images };
  if (classes.shape.length !== 1 || classes.shape[0] !== count) {
    throw new DataError(
      `${caller}: labels must have shape [${count}], one for each picture. Received: labels=[${classes.shape}].`,
    );
  }
  return { images, labels: classes.data };
}
