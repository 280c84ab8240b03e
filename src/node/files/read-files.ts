import { countRecords } from '../../data/formats/bytes.js';
import { checkChannels, idxArray, labeledIDX } from '../../data/formats/idx.js';
import {
  parseSTL10Labels,
  stl10ClassNames,
  stl10ImageBytes,
  transposeSTL10,
} from '../../data/formats/stl10.js';
import type { FileBytes, IDXImagesOptions, LabeledImages } from '../../data/index.js';
import { type CIFAR100Images, concatenateImages, parseCIFAR10, parseCIFAR100 } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { DataError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import type { FilePath } from './file-path.js';
import { readBytes, readPieces } from './read-bytes.js';

/** Runs a parser on a file's bytes, so that its errors name the file. */
async function parseFile<T>(
  caller: string,
  path: FilePath,
  parse: (bytes: FileBytes) => T,
): Promise<Awaited<T>> {
  const bytes = await readBytes(caller, path);
  return naming(path, () => parse(bytes));
}

/** Runs a parser so that its errors name the file. */
export async function naming<T>(path: FilePath, parse: () => T): Promise<Awaited<T>> {
  try {
    return await parse();
  } catch (error) {
    if (!isError(error, 'DataError') || error.path !== undefined) throw error;
    throw new DataError(`${error.message} File: ${JSON.stringify(String(path))}.`, String(path), {
      cause: error,
    });
  }
}

/**
 * Reads files of CIFAR-10's binary version into memory, as one data set; see `parseCIFAR10`.
 *
 * @param paths - One or several files, for example `data_batch_1.bin` to `data_batch_5.bin`.
 * @returns Images of shape `[count, 32, 32, 3]`, bytes 0-255, in the order of the files; labels 0 to 9.
 * @throws `DataError` naming the file that is missing or damaged.
 * @example
 * const test = await readCIFAR10('cifar-10-batches-bin/test_batch.bin');
 */
export async function readCIFAR10(paths: FilePath | readonly FilePath[]): Promise<LabeledImages> {
  const parts: LabeledImages[] = [];
  for (const path of Array.isArray(paths) ? paths : [paths]) {
    parts.push(await parseFile('readCIFAR10', path, parseCIFAR10));
  }
  return concatenateImages(parts);
}

/**
 * Reads a file of CIFAR-100's binary version into memory; see `parseCIFAR100`.
 *
 * @param path - `train.bin` or `test.bin`.
 * @returns Images of shape `[count, 32, 32, 3]`, bytes 0-255; labels 0 to 99, `coarseLabels` 0 to 19.
 * @throws `DataError` naming the file when it is missing or damaged.
 * @example
 * const train = await readCIFAR100('cifar-100-binary/train.bin');
 */
export async function readCIFAR100(path: FilePath): Promise<CIFAR100Images> {
  return parseFile('readCIFAR100', path, parseCIFAR100);
}

/** Options of {@link readSTL10}. */
export interface ReadSTL10Options {
  /**
   * Largest number of pictures to read, from the beginning of the file. Integer >= 1.
   *
   * @defaultValue all
   */
  limit?: number;
}

/**
 * Reads STL-10's binary files into memory; see `parseSTL10`. The unlabeled images take 2.7 GB, and less with a `limit`.
 *
 * @param images - `train_X.bin`, `test_X.bin` or `unlabeled_X.bin`.
 * @param labels - `train_y.bin` or `test_y.bin`. Without it, the result has no labels.
 * @returns Images of shape `[count, 96, 96, 3]`, bytes 0-255; labels 0 to 9.
 * @throws `DataError` naming the file that is missing or damaged.
 * @throws `InvalidOptionError` when `limit` is not an integer >= 1.
 * @example
 * const { images } = await readSTL10('stl10_binary/unlabeled_X.bin', undefined, { limit: 10_000 });
 */
export async function readSTL10(
  images: FilePath,
  labels: FilePath,
  options?: ReadSTL10Options,
): Promise<LabeledImages>;
export async function readSTL10(
  images: FilePath,
  labels?: undefined,
  options?: ReadSTL10Options,
): Promise<Pick<LabeledImages, 'images'>>;
export async function readSTL10(
  images: FilePath,
  labels?: FilePath,
  options: ReadSTL10Options = {},
): Promise<LabeledImages | Pick<LabeledImages, 'images'>> {
  checkKeys('readSTL10', options, { limit: 1 });
  const { limit } = options;
  if (limit !== undefined) checkInteger('readSTL10', 'limit', limit);
  const data = await naming(images, () =>
    readPieces(
      'readSTL10',
      images,
      { limit: limit && limit * stl10ImageBytes, pieceBytes: 1000 * stl10ImageBytes },
      (bytes) => {
        const target = new Uint8Array(bytes);
        countRecords('readSTL10', 'images', target, stl10ImageBytes);
        return target;
      },
      transposeSTL10,
    ),
  );
  const count = data.length / stl10ImageBytes;
  const read = { images: { data, shape: [count, 96, 96, 3] as const } };
  if (labels === undefined) return read;
  const bytes = (await readBytes('readSTL10', labels)).subarray(0, limit);
  const classes = await naming(labels, () => parseSTL10Labels('readSTL10', bytes, count));
  return { ...read, labels: classes, classNames: stl10ClassNames };
}

/**
 * Reads a pair of IDX files (MNIST, Fashion-MNIST) into memory, compressed with gzip or not; see `parseIDXImages`.
 *
 * @param images - `train-images-idx3-ubyte.gz`, or uncompressed.
 * @param labels - `train-labels-idx1-ubyte.gz`, or uncompressed. Without it, the result has no labels.
 * @returns Images of shape `[count, height, width, channels]`, bytes 0-255; labels 0 to 255.
 * @throws `DataError` naming the file that is missing or damaged.
 * @example
 * const { images, labels } = await readIDX('train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz');
 */
export async function readIDX(
  images: FilePath,
  labels: FilePath,
  options?: IDXImagesOptions,
): Promise<LabeledImages>;
export async function readIDX(
  images: FilePath,
  labels?: undefined,
  options?: IDXImagesOptions,
): Promise<Pick<LabeledImages, 'images'>>;
export async function readIDX(
  images: FilePath,
  labels?: FilePath,
  options: IDXImagesOptions = {},
): Promise<LabeledImages | Pick<LabeledImages, 'images'>> {
  const caller = 'readIDX';
  checkKeys(caller, options, { channels: 1 });
  checkChannels(caller, options);
  const read = async (argument: string, path: FilePath) => {
    const bytes = await readBytes(caller, path);
    return naming(path, () => idxArray(caller, argument, bytes));
  };
  const pictures = await read('images', images);
  const classes = labels === undefined ? undefined : await read('labels', labels);
  const names = labels === undefined ? images : `${images}, ${labels}`;
  return naming(names, () => labeledIDX(caller, pictures, classes, options));
}
