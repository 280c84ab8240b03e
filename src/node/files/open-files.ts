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
 * Files of CIFAR-10's binary version as a data set that reads its pictures when they are asked for; see
 * `parseCIFAR10`. Its batches have `labels`.
 *
 * @param paths - One file or several, for example `data_batch_1.bin` to `data_batch_5.bin`.
 * @throws `DataError` naming the file: now, when it is missing, empty or whose length is not a multiple of 3073; while
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
 * A file of CIFAR-100's binary version as a data set that reads its pictures when they are asked for; see
 * `parseCIFAR100`. The `labels` of its batches are the fine classes.
 *
 * @param path - `train.bin` or `test.bin`.
 * @throws `DataError` naming the file: now, when it is missing, empty or whose length is not a multiple of 3074; while
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
 * STL-10's binary files as a data set that reads its pictures when they are asked for, for example the unlabeled ones
 * of 2.7 GB; see `parseSTL10`.
 *
 * @param images - `train_X.bin`, `test_X.bin` or `unlabeled_X.bin`.
 * @param labels - `train_y.bin` or `test_y.bin`; left out, there are no labels. Read now: one byte per picture.
 * @throws `DataError` naming the file: now, when one is missing, empty, whose length is not a multiple of 27648 or does
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
      `${caller}: the file must be an uncompressed IDX file of shape ${axes === 1 ? '[count]' : '[count, height, width]'}, none of them 0. Received: path=${name} ${what}.`,
      String(path),
    );
  const bytes = await fileBytes(caller, path);
  const start = await readStart(caller, path, 4 + 4 * axes);
  if (isGzip(start)) throw refused('of gzip, which can only be read from its beginning: take idxFileRecords');
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
 * An uncompressed IDX file of pictures (MNIST, Fashion-MNIST) as a data set that reads them when they are asked for;
 * see `parseIDXImages`. Compressed files have no beginning but their own: see `idxFileRecords`.
 *
 * @param images - File of shape `[count, height, width]`.
 * @param labels - File of shape `[count]`; left out, there are no labels. Read now: one byte per picture.
 * @throws `DataError` naming the file: now, when one is missing, compressed, not IDX, of another shape, or does not fit
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
