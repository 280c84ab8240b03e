import { checkKeys } from '../errors/check-keys.js';
import { checkInteger, checkLabelValues, receivedMessage } from '../errors/checks.js';
import { DataError, InvalidOptionError, ShapeError } from '../errors/errors.js';
import { randomGenerator } from '../random/index.js';
import { checkImageArray, type ImageArray, type ImageArrayLike, imageSize, isBytes } from './image-array.js';

/** Pictures with a class label each, the result of a data set's reader. */
export interface LabeledImages {
  /** The pictures. */
  images: ImageArray;
  /** For each picture the number of its class, from 0. */
  labels: Uint8Array | Int32Array;
  /** Names of classes 0, 1, ... where the data set has names. */
  classNames?: readonly string[];
}

/** {@link LabeledImages} as functions take them: with a shape that TypeScript knows as a list of numbers, say. */
export interface LabeledImagesLike extends Omit<LabeledImages, 'images' | 'labels'> {
  /** The pictures. */
  images: ImageArrayLike;
  /** For each picture the number of its class, from 0. */
  labels: ArrayLike<number>;
}

/** Options of {@link splitImages}. */
export interface SplitImagesOptions {
  /**
   * Fraction of the pictures that goes to the test part, above 0 and below 1.
   *
   * @defaultValue `0.2`
   */
  testFraction?: number;
  /**
   * Seed of the choice. Integer >= 0.
   *
   * @defaultValue `0`
   */
  seed?: number;
  /**
   * Whether to split each class separately, so that both parts have the classes in the same proportions.
   *
   * @defaultValue `true`
   */
  stratified?: boolean;
}

/** The two parts of {@link splitImages}. */
export interface SplitImages {
  /** The remaining pictures. */
  train: LabeledImages;
  /** The test part. */
  test: LabeledImages;
}

function checkLabeled(
  caller: string,
  argument: string,
  labeled: LabeledImagesLike,
): asserts labeled is Omit<LabeledImagesLike, 'images'> & { images: ImageArray } {
  const { images, labels } = labeled ?? {};
  checkImageArray(caller, `${argument}.images`, images);
  if (labels?.length !== images.shape[0]) {
    throw new ShapeError(
      `${caller}: ${argument}.labels must have one label for each of ${images.shape[0]} pictures. Received: ${labels?.length} labels.`,
    );
  }
  checkLabelValues(caller, `${argument}.labels`, labels, 0);
}

/**
 * The pictures at `indices`, in that order, with their labels. The values are copied.
 *
 * @throws {@link ShapeError} when data, labels and shape do not fit each other.
 * @throws {@link InvalidOptionError} when an index is not a position in `labeled`.
 * @example
 * const firstTen = selectImages(cifar10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
 */
export function selectImages(labeled: LabeledImagesLike, indices: ArrayLike<number>): LabeledImages {
  checkLabeled('selectImages', 'labeled', labeled);
  const { images, labels } = labeled;
  const [count, ...pictureShape] = images.shape;
  const size = imageSize(images);
  const number = indices.length;
  const data = isBytes(images.data) ? new Uint8Array(number * size) : new Float32Array(number * size);
  const chosen = isBytes(labels) ? new Uint8Array(number) : new Int32Array(number);
  for (let row = 0; row < number; row++) {
    const index = indices[row]!;
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      const expectation = `indices must be integers from 0 to ${count - 1}`;
      throw new InvalidOptionError(receivedMessage('selectImages', expectation, `indices[${row}]`, index));
    }
    data.set(images.data.subarray(index * size, (index + 1) * size), row * size);
    chosen[row] = labels[index]!;
  }
  return { ...labeled, images: { data, shape: [number, ...pictureShape] }, labels: chosen };
}

/**
 * Splits pictures at random into a training and a test part, which keep the original order.
 *
 * @throws {@link ShapeError} when data, labels and shape do not fit each other.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const { train, test } = splitImages(pictures, { testFraction: 0.1, seed: 1 });
 */
export function splitImages(labeled: LabeledImagesLike, options: SplitImagesOptions = {}): SplitImages {
  checkKeys('splitImages', options, { testFraction: 1, seed: 1, stratified: 1 });
  const { testFraction = 0.2, seed = 0, stratified = true } = options;
  checkLabeled('splitImages', 'labeled', labeled);
  if (!(testFraction > 0 && testFraction < 1)) {
    const expectation = 'testFraction must be a number above 0 and below 1';
    throw new InvalidOptionError(receivedMessage('splitImages', expectation, 'testFraction', testFraction));
  }
  checkInteger('splitImages', 'seed', seed, 0);
  const groups = new Map<number, number[]>();
  for (let i = 0; i < labeled.labels.length; i++) {
    const group = stratified ? labeled.labels[i]! : 0;
    const members = groups.get(group);
    if (members) members.push(i);
    else groups.set(group, [i]);
  }
  const random = randomGenerator(seed);
  const isTest = new Uint8Array(labeled.labels.length);
  for (const [group, members] of groups) {
    const order = random.fold(group >>> 0).permutation(members.length);
    const testCount = Math.round(members.length * testFraction);
    for (let i = 0; i < testCount; i++) isTest[members[order[i]!]!] = 1;
  }
  const part = (value: 0 | 1) =>
    selectImages(
      labeled,
      Array.from(isTest.keys()).filter((i) => isTest[i] === value),
    );
  return { train: part(0), test: part(1) };
}

/**
 * Concatenates parts of a data set, for example CIFAR-10's five training files.
 *
 * @param parts - At least one; pictures of equal size and kind. Class names are the first part's.
 * @throws {@link DataError} when there is no part, or parts differ in picture size or kind of values.
 * @example
 * const train = concatenateImages(files.map(parseCIFAR10));
 */
export function concatenateImages(parts: readonly LabeledImages[]): LabeledImages {
  const [first] = parts;
  if (!first)
    throw new DataError('concatenateImages: parts must have at least one element. Received: parts=[].');
  if (parts.length === 1) return first;
  for (const [i, part] of parts.entries()) {
    checkLabeled('concatenateImages', `parts[${i}]`, part);
    const same = part.images.shape.every((size, axis) => axis === 0 || size === first.images.shape[axis]);
    if (!same || isBytes(part.images.data) !== isBytes(first.images.data)) {
      throw new DataError(
        'concatenateImages: parts must have pictures of the same size and kind. ' +
          `Received: parts[0]=[${first.images.shape}], parts[${i}]=[${part.images.shape}].`,
      );
    }
  }
  const [, ...pictureShape] = first.images.shape;
  const count = parts.reduce((total, part) => total + part.images.shape[0], 0);
  const size = imageSize(first.images);
  const data = isBytes(first.images.data) ? new Uint8Array(count * size) : new Float32Array(count * size);
  const labels = isBytes(first.labels) ? new Uint8Array(count) : new Int32Array(count);
  let row = 0;
  for (const part of parts) {
    data.set(part.images.data, row * size);
    labels.set(part.labels, row);
    row += part.images.shape[0];
  }
  return { ...first, images: { data, shape: [count, ...pictureShape] }, labels };
}
