import type { ImageArray } from '../image-array.js';
import type { LabeledImages } from '../labeled-images.js';
import { checkLabels, countRecords, type FileBytes, toBytes } from './bytes.js';

const side = 32;
const pixels = side * side;

/** Names of CIFAR-10's classes 0 to 9. */
export const cifar10ClassNames: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

/** Result of {@link parseCIFAR100}: `labels` are the 100 fine classes. */
export interface CIFAR100Images extends LabeledImages {
  /** The superclass of each picture, 0 to 19. */
  coarseLabels: Uint8Array;
}

/** Writes the picture of one record, channel-first, as NHWC into `target` from `offset` on. */
export function cifarRecord(
  record: Uint8Array,
  labelBytes: number,
  target: Uint8Array,
  offset: number,
): void {
  let to = offset;
  for (let red = labelBytes; red < labelBytes + pixels; red++) {
    target[to++] = record[red]!;
    target[to++] = record[red + pixels]!;
    target[to++] = record[red + 2 * pixels]!;
  }
}

/** Records of `labelBytes` labels and one channel-first picture, row by row. */
function readRecords(
  caller: string,
  bytes: Uint8Array,
  labelBytes: number,
): ImageArray & { labels: Uint8Array[] } {
  const recordBytes = labelBytes + 3 * pixels;
  const count = countRecords(caller, 'bytes', bytes, recordBytes);
  const data = new Uint8Array(count * 3 * pixels);
  const labels = Array.from({ length: labelBytes }, () => new Uint8Array(count));
  for (let picture = 0; picture < count; picture++) {
    const from = picture * recordBytes;
    labels.forEach((column, i) => {
      column[picture] = bytes[from + i]!;
    });
    cifarRecord(bytes.subarray(from, from + recordBytes), labelBytes, data, picture * 3 * pixels);
  }
  return { data, shape: [count, side, side, 3], labels };
}

/**
 * Reads a file of CIFAR-10's "binary version" (`data_batch_1.bin` ... `test_batch.bin`).
 *
 * A record has 1 byte of label and 3072 bytes of picture: 1024 red, 1024 green, 1024 blue, each row by row.
 *
 * @param bytes - The whole file; any number of records.
 * @returns Images of shape `[count, 32, 32, 3]`, bytes 0-255; labels 0 to 9.
 * @throws {@link DataError} when the length is not a multiple of 3073, the file is empty or a label is above 9.
 * @example
 * const { images, labels } = parseCIFAR10(await file.arrayBuffer());
 * @see Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html
 */
export function parseCIFAR10(bytes: FileBytes): LabeledImages {
  const { labels, ...images } = readRecords('parseCIFAR10', toBytes('parseCIFAR10', 'bytes', bytes), 1);
  checkLabels('parseCIFAR10', labels[0]!, 0, 9);
  return { images, labels: labels[0]!, classNames: cifar10ClassNames };
}

/**
 * Reads a file of CIFAR-100's "binary version" (`train.bin`, `test.bin`): as CIFAR-10, but with 2 label bytes, the
 * superclass before the class.
 *
 * @param bytes - The whole file; any number of records.
 * @returns Images of shape `[count, 32, 32, 3]`, bytes 0-255; labels 0 to 99, `coarseLabels` 0 to 19.
 * @throws {@link DataError} when the length is not a multiple of 3074, the file is empty or a label is out of range.
 * @example
 * const { images, labels, coarseLabels } = parseCIFAR100(await file.arrayBuffer());
 * @see Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html
 */
export function parseCIFAR100(bytes: FileBytes): CIFAR100Images {
  const { labels, ...images } = readRecords('parseCIFAR100', toBytes('parseCIFAR100', 'bytes', bytes), 2);
  const [coarseLabels, fineLabels] = labels as [Uint8Array, Uint8Array];
  checkLabels('parseCIFAR100', coarseLabels, 0, 19);
  checkLabels('parseCIFAR100', fineLabels, 0, 99);
  return { images, labels: fineLabels, coarseLabels };
}
