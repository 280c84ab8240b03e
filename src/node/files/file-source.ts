import { type FileHandle, open } from 'node:fs/promises';
import {
  type ByteSource,
  type IDXImagesOptions,
  type ImageRecord,
  idxRecords,
  type Stream,
  type WebDatasetOptions,
  type WebDatasetRecord,
  webDataset,
} from '../../data/index.js';
import { inOrder } from '../../data/streams/map-stream.js';
import { checkKeys } from '../../errors/check-keys.js';
import { type FilePath, toFileName } from './file-path.js';
import { readFully, unreadable } from './read-bytes.js';

/** Large, because each piece takes a turn of the event loop, and a training step may leave only one. */
const pieceBytes = 2 ** 22;

/** Pieces read ahead; together they hold the undecoded pictures of a few batches. */
const piecesAhead = 3;

async function* readAhead(caller: string, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    const handle = file;
    async function* offsets() {
      for (let offset = 0; offset < size; offset += pieceBytes) yield offset;
    }
    const read = async (offset: number) => {
      const piece = new Uint8Array(Math.min(pieceBytes, size - offset));
      if ((await readFully(handle, piece, offset)) < piece.length) {
        throw new Error('the file became shorter while it was read');
      }
      return piece;
    };
    yield* inOrder(offsets(), read, piecesAhead);
  } catch (error) {
    throw unreadable(caller, path, error);
  } finally {
    await file?.close();
  }
}

/**
 * Opens a file as a source of bytes for `tarEntries`, `webDataset` and `idxRecords`, read ahead in pieces of 4 MiB.
 *
 * @throws `InvalidOptionError` when `path` is neither a name nor a `file:` URL.
 * @throws `DataError` naming the file while it is read, when it cannot be.
 * @example
 * for await (const { name } of tarEntries(fileSource('train-000.tar'))) console.log(name);
 */
export function fileSource(path: FilePath): ByteSource {
  const file = toFileName('fileSource', 'path', path);
  return { name: String(path), open: () => readAhead('fileSource', file) };
}

/**
 * Reads the samples of a WebDataset from files; see `webDataset`.
 *
 * @param paths - The shards, for example `train-000.tar` to `train-099.tar`; compressed with gzip or not.
 * @throws `InvalidOptionError` when an option is outside its domain.
 * @throws `DataError` while reading, naming shard and sample, when a shard cannot be read or is damaged.
 * @example
 * const records = shuffle(webDatasetFiles(['train-000.tar', 'train-001.tar']), { bufferSize: 1000 });
 * await simclr.fit(imageStream(records, { decode: decodePool({ size: 96 }) }));
 */
export function webDatasetFiles(
  paths: FilePath | readonly FilePath[],
  options: WebDatasetOptions = {},
): Stream<WebDatasetRecord> {
  checkKeys('webDatasetFiles', options, {
    shuffleShards: 1,
    seed: 1,
    imageExtensions: 1,
    labelExtension: 1,
    maxEntryBytes: 1,
  });
  const all: readonly FilePath[] = Array.isArray(paths) ? paths : [paths as FilePath];
  return webDataset(all.map(fileSource), options);
}

/**
 * Reads the pictures of an IDX file in order, compressed with gzip or not; see `idxRecords`. For uncompressed files,
 * prefer `openIDX`, which reads at any place.
 *
 * @param images - `train-images-idx3-ubyte.gz`, or uncompressed.
 * @param labels - `train-labels-idx1-ubyte.gz`, or uncompressed. Without it, there are no labels.
 * @throws `InvalidOptionError` when `channels` is neither 1 nor 3.
 * @throws `DataError` while reading, naming the file that is missing or damaged.
 * @example
 * const records = shuffle(idxFileRecords('train-images-idx3-ubyte.gz'), { bufferSize: 10_000, seed: 1 });
 */
export function idxFileRecords(
  images: FilePath,
  labels?: FilePath,
  options: IDXImagesOptions = {},
): Stream<ImageRecord> {
  checkKeys('idxFileRecords', options, { channels: 1 });
  return idxRecords(fileSource(images), labels === undefined ? undefined : fileSource(labels), options);
}
