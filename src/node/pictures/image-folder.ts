import type { DecodedBatches } from '../../data/image-dataset.js';
import type {
  EpochPass,
  ImageArray,
  ImageBatch,
  ImageBatchSource,
  ImageCache,
  SkippedImage,
  ViewBatch,
} from '../../data/index.js';
import { BatchDecoder, type NamedRecord } from '../../data/streams/batch-decoder.js';
import { indexedDataset } from '../../data/streams/indexed-images.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger, receivedMessage } from '../../errors/checks.js';
import { DataError, InvalidOptionError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import {
  type DecodeImageOptions,
  type DecodePlan,
  decodeEach,
  decodeHere,
  decodePlan,
  loadSharp,
} from './decode-image.js';
import { defaultWorkers, makePool } from './decode-pool.js';
import { listImages } from './list-images.js';

/** Options of {@link readImageFolder} and {@link imageFolder}. */
export interface ImageFolderOptions extends DecodeImageOptions {
  /** Size of every picture in pixels: one number for a square, or `[height, width]`. */
  size: number | readonly [height: number, width: number];
  /**
   * Whether to skip a file that is not a whole picture, or to throw.
   *
   * @defaultValue `'skip'`
   */
  onError?: 'skip' | 'throw';
  /**
   * Pictures decoded at the same time. Integer >= 1.
   *
   * @defaultValue the number of processor cores
   */
  concurrency?: number;
  /**
   * Whether to read subfolders.
   *
   * @defaultValue `true`
   */
  recursive?: boolean;
  /**
   * Largest number of pictures, taken evenly from the folder. Integer >= 1.
   *
   * @defaultValue all
   */
  limit?: number;
}

/** Options of {@link imageFolder}. */
export interface StreamImageFolderOptions extends ImageFolderOptions {
  /**
   * Size of every picture in pixels: one number for a square, or `[height, width]`. During training it is used only if
   * the augmentation does not begin with a random resized crop, because such crops are cut out of the whole pictures.
   */
  size: number | readonly [height: number, width: number];
  /**
   * Number of threads that read and decode while a training step runs. With 0, the calling thread decodes, and
   * `concurrency` applies. Integer >= 0.
   *
   * @defaultValue one less than the number of processor cores, from 1 to 4
   */
  workers?: number;
  /**
   * Batches to decode in advance. Integer >= 1.
   *
   * @defaultValue `2`
   */
  prefetch?: number;
  /**
   * Keeps decoded pictures for later epochs. For training it keeps whole pictures, reduced to a half, a quarter, ... of
   * their size as long as the smallest crop has as many pixels as its view.
   *
   * @defaultValue none
   */
  cache?: ImageCache;
}

/** Result of {@link readImageFolder}. */
export interface ImageFolderContents {
  /** All pictures that decode, of shape `[count, height, width, 3]`, bytes 0-255. */
  images: ImageArray;
  /** The file of each picture. */
  paths: string[];
  /** For each picture the number of its class; only where every picture lies in a folder of `dir`, at any depth. */
  labels?: Int32Array;
  /** The class folders' names, sorted. */
  classNames?: string[];
  /** Files that were skipped. */
  skipped: SkippedImage[];
}

/**
 * Result of {@link imageFolder}: a data set that decodes its pictures in every epoch. Its batches carry `labels` if it
 * has them.
 */
export interface ImageFolderDataset extends DecodedBatches, ImageBatchSource {
  /** Number of files. */
  readonly size: number;
  /** It starts at any batch. */
  readonly seekable: true;
  /** Each of several processes decodes only its own pictures. */
  readonly shardable: true;
  /** During training it cuts the random crops out of the whole pictures. */
  readonly cutsViews: true;
  /** The file of each picture; the `indices` of a batch are positions in this list. */
  readonly paths: readonly string[];
  /** For each picture the number of its class; only where every picture lies in a folder of `dir`, at any depth. */
  readonly labels?: Int32Array;
  /** The class folders' names, sorted. */
  readonly classNames?: readonly string[];
  /** Files skipped so far, each once. */
  readonly skipped: readonly SkippedImage[];
  /** Ends the decoding threads at once. Optional: they end after ten idle seconds. */
  close(): Promise<void>;
}

interface FolderPlan extends DecodePlan {
  size: readonly [height: number, width: number];
  onError: 'skip' | 'throw';
  concurrency: number | undefined;
  list: { recursive: boolean; limit: number | undefined };
}

function folderPlan(caller: string, options: ImageFolderOptions): FolderPlan {
  const { onError = 'skip', concurrency, recursive = true, limit } = options ?? {};
  const plan = decodePlan(caller, options ?? {});
  if (plan.size === undefined) {
    const expectation = 'size must be given: all pictures of a data set have one';
    throw new InvalidOptionError(receivedMessage(caller, expectation, 'size', undefined));
  }
  checkChoice(caller, 'onError', onError, ['skip', 'throw']);
  if (concurrency !== undefined) checkInteger(caller, 'concurrency', concurrency);
  if (limit !== undefined) checkInteger(caller, 'limit', limit);
  return { ...plan, size: plan.size, onError, concurrency, list: { recursive, limit } };
}

/** Decodes `paths`, and keeps those that are pictures, in order. */
async function decodeAll(
  caller: string,
  paths: readonly string[],
  plan: FolderPlan,
): Promise<{ images: ImageArray; kept: number[]; skipped: SkippedImage[] }> {
  const [height, width] = plan.size;
  const size = height * width * 3;
  const data = new Uint8Array(paths.length * size);
  const failures = new Map<number, SkippedImage>();
  const pictures = paths.map((name) => ({ name }));
  const options = { concurrency: plan.concurrency, stopOnFailure: plan.onError === 'throw' };
  await decodeEach(caller, plan, pictures, options, (result, i) => {
    if (!isError(result, 'DataError')) data.set(result.data, i * size);
    else if (plan.onError === 'throw') throw result;
    else failures.set(i, { path: paths[i]!, reason: result.message });
  });
  const kept: number[] = [];
  for (let i = 0; i < paths.length; i++) {
    if (failures.has(i)) continue;
    if (kept.length < i) data.copyWithin(kept.length * size, i * size, (i + 1) * size);
    kept.push(i);
  }
  const skipped = [...failures].sort(([a], [b]) => a - b).map(([, failure]) => failure);
  return {
    images: { data: data.subarray(0, kept.length * size), shape: [kept.length, height, width, 3] },
    kept,
    skipped,
  };
}

/** Options that both ways to read a folder have. */
const folderKeys = {
  size: 1,
  onError: 1,
  concurrency: 1,
  recursive: 1,
  limit: 1,
  fit: 1,
  background: 1,
  maxPixels: 1,
} as const;

/**
 * Reads all pictures of a folder into memory (`height * width * 3` bytes each); {@link imageFolder} streams instead.
 *
 * Files are sorted by name; hidden files and files of other kinds are ignored. A file and the links to it count as one
 * picture, under the file's own name if that is below `dir`, otherwise under the first link's. If every picture lies
 * in a subfolder, as in `dir/cat/1.jpg` and `dir/dog/small/2.jpg`, the subfolders of `dir` are the classes, as in
 * torchvision's `ImageFolder`.
 *
 * @param dir - The folder: a name or a `file:` URL.
 * @throws `DataError` when the folder cannot be read, has no picture, or none that can be decoded; with
 *   `onError: 'throw'` when any cannot.
 * @throws `InvalidOptionError` when an option is outside its domain.
 * @throws `SimCLRError` when the optional package `sharp` is not installed.
 * @example
 * const { images, labels, skipped } = await readImageFolder('photos', { size: 96 });
 */
export async function readImageFolder(
  dir: FilePath,
  options: ImageFolderOptions,
): Promise<ImageFolderContents> {
  checkKeys('readImageFolder', options, folderKeys);
  const plan = folderPlan('readImageFolder', options);
  const folder = toFileName('readImageFolder', 'dir', dir);
  const { paths, labels, classNames } = await listImages('readImageFolder', folder, plan.list);
  const { images, kept, skipped } = await decodeAll('readImageFolder', paths, plan);
  if (kept.length === 0) {
    throw new DataError(
      `readImageFolder: dir must hold at least one whole picture. Received: dir=${JSON.stringify(folder)} with ${skipped.length} that do not decode; the first: ${skipped[0]!.reason}`,
      folder,
    );
  }
  return {
    images,
    paths: kept.map((i) => paths[i]!),
    ...(labels && { labels: Int32Array.from(kept, (i) => labels[i]!) }),
    ...(classNames && { classNames }),
    skipped,
  };
}

/**
 * Opens a folder of pictures that need not fit into memory as a data set: each epoch decodes its batches on other
 * threads, ahead of their use. During training, the random crops are cut out of the whole pictures.
 *
 * Its batches hold images of shape `[batch, height, width, 3]`, bytes 0-255, and `labels` if the folder has classes.
 *
 * The order is a function of seed and epoch, and batches are cut by position in it, so that a picture that cannot be
 * decoded makes its batch smaller and moves no other picture. A batch is skipped when no picture is left, and for
 * training (`dropRemainder`) when fewer than two are. Files are sorted and classes found as in {@link readImageFolder}.
 *
 * @param dir - The folder: a name or a `file:` URL. It is listed at the call; its pictures are read later.
 * @returns A data set for `fit`, `embed` and `imageBatches`.
 * @throws `DataError` when the folder cannot be read or has no picture; while batches are taken, with
 *   `onError: 'throw'` when a picture cannot be decoded, otherwise when none can.
 * @throws `InvalidOptionError` when an option is outside its domain.
 * @throws `SimCLRError` when the optional package `sharp` is not installed.
 * @example
 * const photos = await imageFolder('photos', { size: 96 });
 * for await (const { images } of imageBatches(photos, { batchSize: 64, epoch: 0 })) images.dispose();
 */
export async function imageFolder(
  dir: FilePath,
  options: StreamImageFolderOptions,
): Promise<ImageFolderDataset> {
  const caller = 'imageFolder';
  checkKeys(caller, options, { ...folderKeys, workers: 1, prefetch: 1, cache: 1 });
  const plan = folderPlan(caller, options);
  const { workers = defaultWorkers(), prefetch = 2, cache } = options;
  checkInteger(caller, 'workers', workers, 0);
  checkInteger(caller, 'prefetch', prefetch);
  const folder = toFileName(caller, 'dir', dir);
  await loadSharp(caller);
  const { paths, ...classes } = await listImages(caller, folder, plan.list);
  const { labels } = classes;
  const pool = workers > 0 ? makePool(caller, plan, workers) : undefined;
  const decode = pool ?? decodeHere(caller, plan, plan.concurrency);
  const decoder = new BatchDecoder({ caller, decode, cache, onError: plan.onError });
  const source = indexedDataset(caller, paths.length, prefetch, () => ({
    read(indices, place, signal, pass) {
      const toRecord = (index: number): NamedRecord => {
        const record = { name: paths[index]!, index };
        return labels ? { ...record, label: labels[index]! } : record;
      };
      return decoder.batch(Array.from(indices, toRecord), place, pass, signal);
    },
  }));

  async function* batches(pass: EpochPass): AsyncGenerator<ImageBatch | ViewBatch, void, undefined> {
    let given = 0;
    for await (const batch of source(pass)) {
      given++;
      yield batch;
    }
    const [first] = decoder.skipped;
    if (given === 0 && pass.startBatch === 0 && first) {
      throw new DataError(
        `imageFolder: dir must hold at least one batch of whole pictures. Received: dir=${JSON.stringify(folder)} with ${decoder.skipped.length} that do not decode; the first: ${first.reason}`,
        folder,
      );
    }
  }

  const dataset = Object.assign(batches as DecodedBatches, {
    size: paths.length,
    seekable: true as const,
    shardable: true as const,
    cutsViews: true as const,
    paths,
    ...classes,
    close: async () => pool?.close(),
  });
  return Object.defineProperty(dataset, 'skipped', { get: () => decoder.skipped }) as typeof dataset & {
    readonly skipped: readonly SkippedImage[];
  };
}
