import { type FileHandle, open } from 'node:fs/promises';
import type { ImageArray, ImageBatch, IndexedImagesDataset } from '../../data/index.js';
import { indexedDataset } from '../../data/streams/indexed-images.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { DataError } from '../../errors/errors.js';
import { type FilePath, toFileName } from './file-path.js';
import { readFully, unreadable } from './read-bytes.js';

/** A data set of files from which single pictures are read. Its batches carry `labels` where the data set has them. */
export interface RecordFileDataset extends IndexedImagesDataset {
  /** The class number of each picture, if labels have a file of their own. */
  readonly labels?: Uint8Array;
  /** Names of classes 0, 1, ..., if the data set has names. */
  readonly classNames?: readonly string[];
}

/** Options of the functions that open files of records. */
export interface RecordFileOptions {
  /**
   * Batches to read in advance. Integer >= 1.
   *
   * @defaultValue `2`
   */
  prefetch?: number;
}

/** @throws {@link InvalidOptionError} when an option is unknown or outside its domain. */
export function checkRecordFileOptions(caller: string, options: RecordFileOptions): void {
  checkKeys(caller, options, { prefetch: 1 });
  checkInteger(caller, 'prefetch', options.prefetch ?? 2);
}

/** A file of records of equal length. */
export interface RecordFile {
  path: FilePath;
  /** Bytes before the first record. */
  offset: number;
  /** Number of records. */
  count: number;
}

/** How errors describe a record. */
export interface RecordPlace {
  path: string;
  record: number;
}

/** The layout of records, and how to unpack them. */
export interface RecordLayout {
  recordBytes: number;
  /** `[height, width, channels]` of a picture. */
  shape: readonly [number, number, number];
  /** Writes the picture of a record into `target` from `offset` on; returns its label, if it holds one. */
  unpack(record: Uint8Array, target: Uint8Array, offset: number, where: RecordPlace): number | undefined;
  /** Labels that the records do not hold themselves. */
  labels?: Uint8Array | undefined;
}

/** Length of a file. @throws `DataError` naming it when there is none. */
export async function fileBytes(caller: string, path: FilePath): Promise<number> {
  const name = toFileName(caller, 'path', path);
  let file: FileHandle | undefined;
  try {
    file = await open(name, 'r');
    const stats = await file.stat();
    if (stats.isDirectory()) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
    return stats.size;
  } catch (error) {
    throw unreadable(caller, path, error);
  } finally {
    await file?.close();
  }
}

/** Number of whole records in a file. @throws `DataError` when there is none or the last one is cut off. */
export async function countFileRecords(
  caller: string,
  path: FilePath,
  recordBytes: number,
): Promise<RecordFile> {
  const bytes = await fileBytes(caller, path);
  if (bytes === 0 || bytes % recordBytes !== 0) {
    const what =
      bytes === 0 ? 'an empty file' : `${bytes} bytes, ${bytes % recordBytes} more than whole records`;
    throw new DataError(
      `${caller}: the file must be records of ${recordBytes} bytes each, at least one. Received: path=${JSON.stringify(String(path))} with ${what}.`,
      String(path),
    );
  }
  return { path, offset: 0, count: bytes / recordBytes };
}

/** The start of a file. @throws `DataError` naming it when it cannot be read. */
export async function readStart(caller: string, path: FilePath, bytes: number): Promise<Uint8Array> {
  const name = toFileName(caller, 'path', path);
  let file: FileHandle | undefined;
  try {
    file = await open(name, 'r');
    const start = new Uint8Array(bytes);
    return start.subarray(0, await readFully(file, start, 0));
  } catch (error) {
    throw unreadable(caller, path, error);
  } finally {
    await file?.close();
  }
}

/** Concatenates files of records into a data set. The files are open during a pass. */
export function recordFiles(
  caller: string,
  files: readonly RecordFile[],
  layout: RecordLayout,
  options: RecordFileOptions,
): IndexedImagesDataset {
  const { prefetch = 2 } = options;
  const { recordBytes, shape, labels } = layout;
  const pictureValues = shape[0] * shape[1] * shape[2];
  const size = files.reduce((total, { count }) => total + count, 0);

  /** The file that holds picture `index`, and which of its records that is. */
  const locate = (index: number): [file: number, record: number] => {
    let record = index;
    for (let number = 0; ; number++) {
      const { count } = files[number]!;
      if (record < count) return [number, record];
      record -= count;
    }
  };

  async function read(handles: readonly FileHandle[], indices: Uint32Array): Promise<ImageBatch> {
    const data = new Uint8Array(indices.length * pictureValues);
    const found = new Array<number | undefined>(indices.length);
    await Promise.all(
      Array.from(indices, async (index, row) => {
        const [number, record] = locate(index);
        const { path, offset } = files[number]!;
        const bytes = new Uint8Array(recordBytes);
        try {
          if ((await readFully(handles[number]!, bytes, offset + record * recordBytes)) < recordBytes) {
            throw new Error('the file became shorter since it was opened');
          }
        } catch (error) {
          throw unreadable(caller, path, error);
        }
        const own = layout.unpack(bytes, data, row * pictureValues, { path: String(path), record });
        found[row] = labels ? labels[index]! : own;
      }),
    );
    const images: ImageArray = { data, shape: [indices.length, ...shape] };
    const labeled = found.every((label) => label !== undefined);
    return { images, indices, ...(labeled && { labels: found as number[] }) };
  }

  return indexedDataset(caller, size, prefetch, async () => {
    const handles: FileHandle[] = [];
    const close = async () => {
      await Promise.all(handles.map((handle) => handle.close()));
    };
    for (const { path } of files) {
      try {
        handles.push(await open(toFileName(caller, 'path', path), 'r'));
      } catch (error) {
        await close();
        throw unreadable(caller, path, error);
      }
    }
    return { size, read: (indices) => read(handles, indices), close };
  });
}
