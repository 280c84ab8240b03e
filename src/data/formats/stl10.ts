import { DataError } from '../../errors/errors.js';
import type { LabeledImages } from '../labeled-images.js';
import { checkLabels, countRecords, type FileBytes, toBytes } from './bytes.js';

const side = 96;
const pixels = side * side;

/** Bytes of one picture in STL-10's binary files. */
export const stl10ImageBytes = 3 * pixels;

/** Names of STL-10's classes 0 to 9 (1 to 10 in its files). */
export const stl10ClassNames: readonly string[] = [
  'airplane',
  'bird',
  'car',
  'cat',
  'deer',
  'dog',
  'horse',
  'monkey',
  'ship',
  'truck',
];

/** Writes whole pictures, channel-first and column by column, as NHWC into `target` from `offset` on. */
export function transposeSTL10(source: Uint8Array, target: Uint8Array, offset = 0): void {
  let to = offset;
  for (let from = 0; from < source.length; from += stl10ImageBytes) {
    for (let y = 0; y < side; y++) {
      for (let red = from + y; red < from + pixels; red += side) {
        target[to++] = source[red]!;
        target[to++] = source[red + pixels]!;
        target[to++] = source[red + 2 * pixels]!;
      }
    }
  }
}

/** Labels 1 to 10 of a file as 0 to 9. */
export function parseSTL10Labels(caller: string, bytes: Uint8Array, count: number): Uint8Array {
  if (bytes.length !== count) {
    throw new DataError(
      `${caller}: the file of labels must have one byte for each of ${count} pictures. Received: ${bytes.length} bytes.`,
    );
  }
  checkLabels(caller, bytes, 1, 10);
  return bytes.map((label) => label - 1);
}

/**
 * Reads STL-10's binary files (`train_X.bin` with `train_y.bin`, `test_X.bin`, `unlabeled_X.bin`).
 *
 * A picture is 27648 bytes: 96x96 red, then green, then blue, each column by column.
 *
 * @param images - The whole file of pictures, or any number of whole pictures of it.
 * @param labels - The whole file of labels, one byte each, 1 to 10. `unlabeled_X.bin` has none.
 * @returns Pictures of shape `[count, 96, 96, 3]` (0-255) and, if `labels` was given, labels 0 to 9.
 * @throws {@link DataError} when the length is not a multiple of 27648, a file is empty, the numbers of pictures and
 *   labels differ or a label is not from 1 to 10.
 * @example
 * const { images, labels } = parseSTL10(await pictures.arrayBuffer(), await classes.arrayBuffer());
 * @see Coates, Lee and Ng 2011, https://cs.stanford.edu/~acoates/stl10/
 */
export function parseSTL10(images: FileBytes, labels: FileBytes): LabeledImages;
export function parseSTL10(images: FileBytes): Pick<LabeledImages, 'images'>;
export function parseSTL10(
  images: FileBytes,
  labels?: FileBytes,
): LabeledImages | Pick<LabeledImages, 'images'> {
  const bytes = toBytes('parseSTL10', 'images', images);
  const count = countRecords('parseSTL10', 'images', bytes, stl10ImageBytes);
  const classes =
    labels === undefined
      ? undefined
      : parseSTL10Labels('parseSTL10', toBytes('parseSTL10', 'labels', labels), count);
  const data = new Uint8Array(bytes.length);
  transposeSTL10(bytes, data);
  const parsed = { images: { data, shape: [count, side, side, 3] as const } };
  return classes ? { ...parsed, labels: classes, classNames: stl10ClassNames } : parsed;
}
