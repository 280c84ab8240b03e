import { join, resolve } from 'node:path';
import type { SkippedImage } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkInteger,
  receivedMessage,
} from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { Readout } from '../../features/index.js';
import type { SimCLR } from '../../training/index.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { isSystemError } from '../files/system-error.js';
import { FolderIndex } from './folder-index.js';
import { indexNetwork } from './index-network.js';
import { type OpenPlan, openIndex, unwritableIndex } from './open-index.js';
import { scanFolder } from './scan-folder.js';
import { type IndexedModel, indexFolderName, readManifest } from './storage/manifest.js';
import { updateIndex } from './update-index.js';

/** Options of {@link indexFolder}. */
export interface IndexFolderOptions {
  /**
   * The model whose vectors the index holds: those of `model.embed`. It stays yours, and must be the same in later calls.
   * @defaultValue a network that is fitted to the folder's own pictures in the first call, and kept with the index
   */
  model?: SimCLR | Readout;
  /** What to call the model, such as the folder that it was loaded from; {@link findIndex} tells it. @defaultValue none */
  modelName?: string;
  /**
   * The folder of the index.
   * @defaultValue `.simclr-ts` in the folder of the pictures
   */
  location?: FilePath;
  /**
   * Whether to make the index again, with this model, whatever is there.
   * @defaultValue `false`
   */
  rebuild?: boolean;
  /**
   * Whether to fail when new vectors cannot be stored, as on a read-only disk, or to hand them over without.
   * @defaultValue `'always'`
   */
  keep?: 'always' | 'whenPossible';
  /** Pictures per pass through the network, and per stored part: a kill loses at most one. @defaultValue `64` */
  batchSize?: number;
  /** Embeds one of several parts of the folder. The others can be embedded at the same time by other processes. */
  shard?: IndexShard;
  /** Ends the call after the batch under way. What was embedded is kept. @defaultValue none */
  signal?: AbortSignal;
  /** Called after each batch with the files done and all that have to be read. */
  onProgress?: (done: number, total: number) => void;
}

/** A part of the pictures. */
export interface IndexShard {
  /** Which part; an integer from 0 to `count` - 1. */
  index: number;
  /** Number of parts; an integer >= 1. */
  count: number;
}

/** A number from 0 to count - 1 that depends on the name alone, so that every process divides a folder alike (FNV-1a). */
function shardOf(path: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % count;
}

function checkShard(caller: string, shard: IndexShard): void {
  checkKeys(caller, shard, { index: 1, count: 1 }, 'shard');
  checkInteger(caller, 'shard.count', shard.count);
  checkInteger(caller, 'shard.index', shard.index, 0);
  if (shard.index >= shard.count) {
    throw new InvalidOptionError(
      `${caller}: shard.index must be below shard.count. Received: shard.index=${shard.index}, shard.count=${shard.count}.`,
    );
  }
}

/** Where the index of a folder is. */
function locationOf(caller: string, dir: string, location: FilePath | undefined): string {
  return resolve(
    location === undefined ? join(dir, indexFolderName) : toFileName(caller, 'location', location),
  );
}

/** Times that an update starts again because another process merged or rebuilt what was being read. */
const mostAttempts = 5;

/**
 * Makes or updates the index of a folder of pictures: each picture is embedded once, and again only after its contents
 * have changed. Files that are gone are dropped; renamed and copied ones are recognized by their contents. Broken and
 * unreadable files are remembered, and not tried again until they change.
 *
 * The index is a folder of Parquet files. A process that is killed loses at most the batch under way, and several
 * processes may use it at the same time.
 *
 * A backend must be active. Pictures are found as `imageFolder` finds them.
 *
 * @param dir - The folder: a name or a `file:` URL.
 * @param options - See {@link IndexFolderOptions}.
 * @returns All vectors, and what was done. Dispose of it with `index.dispose()`.
 * @throws `DataError` when the folder cannot be read or has no picture, the index is damaged or of another folder, or
 *   cannot be written; without a model, when the pictures do not differ.
 * @throws `CheckpointError` when the index holds the vectors of another model.
 * @throws `ValueRangeError` when the model gives NaN or infinity.
 * @throws `InvalidOptionError` when an option is outside its domain, or the index needs the model that it was made with.
 * @throws `SimCLRError` when an optional package (`sharp`, `hyparquet`, `hyparquet-writer`) is not installed.
 * @example
 * const index = await indexFolder('photos');
 * const { indices } = await index.search(await index.embed(['cat.jpg']), 10);
 * for (const row of indices) console.log(index.paths[row]);
 * index.dispose();
 */
export async function indexFolder(dir: FilePath, options: IndexFolderOptions = {}): Promise<FolderIndex> {
  const caller = 'indexFolder';
  checkKeys(caller, options, {
    model: 1,
    modelName: 1,
    location: 1,
    rebuild: 1,
    keep: 1,
    batchSize: 1,
    shard: 1,
    signal: 1,
    onProgress: 1,
  });
  const { model, modelName, shard, signal, onProgress } = options;
  const { rebuild = false, keep = 'always', batchSize = 64 } = options;
  checkBoolean(caller, 'rebuild', rebuild);
  checkChoice(caller, 'keep', keep, ['always', 'whenPossible']);
  checkInteger(caller, 'batchSize', batchSize);
  if (shard !== undefined) checkShard(caller, shard);
  if (onProgress !== undefined) checkFunction(caller, 'onProgress', onProgress);
  if (modelName !== undefined && typeof modelName !== 'string') {
    throw new InvalidOptionError(receivedMessage(caller, 'modelName must be a text', 'modelName', modelName));
  }
  const folder = toFileName(caller, 'dir', dir);
  const location = locationOf(caller, folder, options.location);
  const given = model === undefined ? undefined : await indexNetwork(model);
  const failed: SkippedImage[] = [];
  const files = await scanFolder(caller, folder, failed);
  const plan: OpenPlan = {
    caller,
    dir: folder,
    location,
    given,
    modelName,
    rebuild,
    names: files.map(({ name }) => name),
    signal,
  };
  for (let attempt = 1; ; attempt++) {
    const index = await openIndex({ ...plan, rebuild: rebuild && attempt === 1 });
    try {
      const updated = await updateIndex(
        {
          caller,
          location,
          files,
          batchSize,
          isOwn: shard ? (path) => shardOf(path, shard.count) === shard.index : () => true,
          keep,
          signal,
          onProgress,
        },
        index,
      );
      return new FolderIndex(location, index, files, { ...updated, failed: [...failed, ...updated.failed] });
    } catch (error) {
      index.dispose();
      if (!isSystemError(error)) throw error;
      if (error.code !== 'ENOENT' || attempt === mostAttempts) throw unwritableIndex(caller, location, error);
    }
  }
}

/** Options of {@link findIndex}. */
export interface FindIndexOptions {
  /**
   * The folder of the index.
   * @defaultValue `.simclr-ts` in the folder of the pictures
   */
  location?: FilePath;
}

/** What {@link findIndex} found. */
export interface FoundIndex {
  /** The folder of the index. */
  location: string;
  /** The model whose vectors it holds. */
  model: IndexedModel;
}

/**
 * Looks for the index of a folder, without reading its vectors.
 *
 * @param dir - The folder of the pictures: a name or a `file:` URL.
 * @returns Where it is, and which model it needs; `undefined` when there is none.
 * @throws `DataError` when what describes the index is damaged or cannot be read.
 * @example
 * const found = await findIndex('photos');
 * if (found?.model.kind === 'given') console.log(`made with ${found.model.name}`);
 */
export async function findIndex(
  dir: FilePath,
  options: FindIndexOptions = {},
): Promise<FoundIndex | undefined> {
  const caller = 'findIndex';
  checkKeys(caller, options, { location: 1 });
  const location = locationOf(caller, toFileName(caller, 'dir', dir), options.location);
  const manifest = await readManifest(caller, location);
  return manifest && { location, model: manifest.model };
}
