import { cifarRecord } from '../../data/formats/cifar.js';
import { isGzip } from '../../data/formats/gunzip.js';
import { idxAxes, idxShape, threefold } from '../../data/formats/idx.js';
import {
  parseSTL10Labels,
  stl10ClassNames,
  stl10ImageBytes,
  transposeSTL10,
} from '../../data/formats/stl10.js';
import { cifar10ClassNames, type IDXImagesOptions, type IndexedImagesDataset } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice } from '../../errors/checks.js';
import { DataError } from '../../errors/errors.js';
import type { FilePath } from './file-path.js';
import { readBytes } from './read-bytes.js';
import { naming } from './read-files.js';
import {
  checkRecordFileOptions,
  countFileRecords,
  fileBytes,
  type RecordFile,
  type RecordFileDataset,
  type RecordFileOptions,
  readStart,
  recordFiles,
} from './record-file.js';

async function openCIFAR(
  caller: string,
  paths: FilePath | readonly FilePath[],
  labelBytes: 1 | 2,
  options: RecordFileOptions,
): Promise<IndexedImagesDataset> {
  const recordBytes = labelBytes + 3072;
  const files: RecordFile[] = [];
  for (const path of Array.isArray(paths) ? paths : [paths]) {
    files.push(await countFileRecords(caller, path, recordBytes));
  }
  if (files.length === 0)
    throw new DataError(`${caller}: paths must name at least one file. Received: paths=[].`);
  const last = labelBytes === 1 ? 9 : 99;
  return recordFiles(
    caller,
    files,
    {
      recordBytes,
      shape: [32, 32, 3],
      unpack(record, target, offset, place) {
        cifarRecord(record, labelBytes, target, offset);
        const label = record[labelBytes - 1]!;
        if (label <= last) return label;
        throw new DataError(
          `${caller}: labels must be from 0 to ${last}; is this another format? Received: label ${label} for picture ${place.record} of ${JSON.stringify(place.path)}.`,
          place.path,
        );
      },
    },
    options,
  );
}

/**
 * Opens files of CIFAR-10's binary version as a data set that reads the pictures of each batch; see `parseCIFAR10`. Its
 * batches hold images of shape `[batch, 32, 32, 3]`, bytes 0-255, and `labels` 0 to 9.
 *
 * @param paths - One or several files, for example `data_batch_1.bin` to `data_batch_5.bin`.
 * @returns A data set for `fit`, `embed` and `imageBatches`.
 * @throws `DataError` naming the file: at the call, when it is missing, empty or whose length is not a multiple of 3073; while
 *   batches are taken, when a label is above 9 or the file cannot be read.
 * @throws `InvalidOptionError` when `prefetch` is not an integer >= 1.
 * @example
 * await simclr.fit(await openCIFAR10('cifar-10-batches-bin/data_batch_1.bin'));
 */
export async function openCIFAR10(
  paths: FilePath | readonly FilePath[],
  options: RecordFileOptions = {},
): Promise<RecordFileDataset> {
  checkRecordFileOptions('openCIFAR10', options);
  const dataset = await openCIFAR('openCIFAR10', paths, 1, options);
  return Object.assign(dataset, { classNames: cifar10ClassNames });
}

/**
 * Opens a file of CIFAR-100's binary version as a data set that reads the pictures of each batch; see `parseCIFAR100`.
 * Its batches hold images of shape `[batch, 32, 32, 3]`, bytes 0-255, and as `labels` the fine classes 0 to 99.
 *
 * @param path - `train.bin` or `test.bin`.
 * @returns A data set for `fit`, `embed` and `imageBatches`.
 * @throws `DataError` naming the file: at the call, when it is missing, empty or whose length is not a multiple of 3074; while
 *   batches are taken, when a label is above 99 or the file cannot be read.
 * @throws `InvalidOptionError` when `prefetch` is not an integer >= 1.
 * @example
 * await simclr.fit(await openCIFAR100('cifar-100-binary/train.bin'));
 */
export async function openCIFAR100(
  path: FilePath,
  options: RecordFileOptions = {},
): Promise<RecordFileDataset> {
  checkRecordFileOptions('openCIFAR100', options);
  return openCIFAR('openCIFAR100', path, 2, options);
}

/**
 * Opens STL-10's binary files as a data set that reads the pictures of each batch, for example of the unlabeled file of
 * 2.7 GB; see `parseSTL10`. Its batches hold images of shape `[batch, 96, 96, 3]`, bytes 0-255, and `labels` 0 to 9
 * where `labels` is given.
 *
 * @param images - `train_X.bin`, `test_X.bin` or `unlabeled_X.bin`.
 * @param labels - `train_y.bin` or `test_y.bin`, read at once: one byte per picture. Without it, there are no labels.
 * @returns A data set for `fit`, `embed` and `imageBatches`.
 * @throws `DataError` naming the file: at the call, when one is missing, empty, whose length is not a multiple of 27648 or does
 *   not fit the other, or a label is not from 1 to 10; while batches are taken, when it cannot be read.
 * @throws `InvalidOptionError` when `prefetch` is not an integer >= 1.
 * @example
 * await simclr.fit(await openSTL10('stl10_binary/unlabeled_X.bin'));
 */
export async function openSTL10(
  images: FilePath,
  labels?: FilePath,
  options: RecordFileOptions = {},
): Promise<RecordFileDataset> {
  checkRecordFileOptions('openSTL10', options);
  const file = await countFileRecords('openSTL10', images, stl10ImageBytes);
  let classes: Uint8Array | undefined;
  if (labels !== undefined) {
    const bytes = await readBytes('openSTL10', labels);
    classes = await naming(labels, () => parseSTL10Labels('openSTL10', bytes, file.count));
  }
  const dataset = recordFiles(
    'openSTL10',
    [file],
    {
      recordBytes: stl10ImageBytes,
      shape: [96, 96, 3],
      unpack(record, target, offset) {
        transposeSTL10(record, target, offset);
        return undefined;
      },
      labels: classes,
    },
    options,
  );
  return classes ? Object.assign(dataset, { labels: classes, classNames: stl10ClassNames }) : dataset;
}

/** Shape of an uncompressed IDX file that starts with `axes` axes, checked against its length. */
async function idxFile(caller: string, path: FilePath, axes: number): Promise<number[]> {
  const name = JSON.stringify(String(path));
  const refused = (what: string) =>
    new DataError(
      `${caller}: the file must be an uncompressed IDX file of shape ${axes === 1 ? '[count]' : '[count, height, width]'}, with no size 0. Received: path=${name} ${what}.`,
      String(path),
    );
  const bytes = await fileBytes(caller, path);
  const start = await readStart(caller, path, 4 + 4 * axes);
  if (isGzip(start))
    throw refused('compressed with gzip, which can only be read from the beginning: use idxFileRecords');
  const own = await naming(path, () => idxAxes(caller, start));
  if (own !== axes) throw refused(`with ${own} axes`);
  if (start.length < 4 + 4 * axes) throw refused('which ends within its header');
  const shape = idxShape(start, axes, 4);
  const expected = shape.reduce((product, size) => product * size, 1);
  if (expected === 0) throw refused(`of shape [${shape}]`);
  if (bytes - start.length !== expected) {
    throw refused(`with ${bytes - start.length} values, where its shape [${shape}] promises ${expected}`);
  }
  return shape;
}

/**
 * Opens an uncompressed IDX file of pictures (MNIST, Fashion-MNIST) as a data set that reads the pictures of each batch;
 * see `parseIDXImages`. Its batches hold images of shape `[batch, height, width, channels]`, bytes 0-255, and `labels`
 * where `labels` is given. Compressed files can only be read from the beginning: use `idxFileRecords` for them.
 *
 * @param images - File of shape `[count, height, width]`.
 * @param labels - File of shape `[count]`, read at once: one byte per picture. Without it, there are no labels.
 * @returns A data set for `fit`, `embed` and `imageBatches`.
 * @throws `DataError` naming the file: at the call, when one is missing, compressed, not IDX, of another shape, or does not fit
 *   its header or the other file; while batches are taken, when it cannot be read.
 * @throws `InvalidOptionError` when an option is outside its domain.
 * @example
 * const dataset = await openIDX('train-images-idx3-ubyte', 'train-labels-idx1-ubyte', { channels: 3 });
 */
export async function openIDX(
  images: FilePath,
  labels?: FilePath,
  options: IDXImagesOptions & RecordFileOptions = {},
): Promise<RecordFileDataset> {
  checkKeys('openIDX', options, { channels: 1, prefetch: 1 });
  const { channels = 1, ...files } = options;
  checkRecordFileOptions('openIDX', files);
  checkChoice('openIDX', 'channels', channels, [1, 3]);
  const [count, height, width] = (await idxFile('openIDX', images, 3)) as [number, number, number];
  let classes: Uint8Array | undefined;
  if (labels !== undefined) {
    const [labelCount] = await idxFile('openIDX', labels, 1);
    if (labelCount !== count) {
      throw new DataError(
        `openIDX: labels must have shape [${count}], one for each picture. Received: path=${JSON.stringify(String(labels))} of shape [${labelCount}].`,
        String(labels),
      );
    }
    classes = (await readBytes('openIDX', labels)).subarray(8);
  }
  const dataset = recordFiles(
    'openIDX',
    [{ path: images, offset: 16, count }],
    {
      recordBytes: height * width,
      shape: [height, width, channels],
      unpack(record, target, offset) {
        target.set(channels === 1 ? record : threefold(record), offset);
        return undefined;
      },
      labels: classes,
    },
    options,
  );
  return classes ? Object.assign(dataset, { labels: classes }) : dataset;
}
