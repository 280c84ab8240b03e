import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { imageRange } from '../../data/image-rows.js';
import type { ImageArray, LabeledImages } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { readCIFAR10, readCIFAR100, readIDX, readSTL10 } from '../files/read-files.js';

const caller = 'readDatasetFolder';

/** Options of {@link readDatasetFolder}. */
export interface DatasetFolderOptions {
  /** Largest number of pictures to train on, from the beginning. Integer >= 1. @defaultValue all */
  limit?: number;
}

/** A data set in memory. */
export interface DatasetContents {
  /** What it is, such as `'STL-10'`. */
  name: string;
  /** Pictures to train on, of shape `[count, height, width, 3]`, bytes 0-255. */
  images: ImageArray;
  /** Training pictures with labels; only if the folder has labels. Of STL-10 these are not `images`. */
  references?: LabeledImages;
  /** Test pictures with labels; only if the folder has labels. */
  test?: LabeledImages;
}

/** Finds the files of one data set among the names of a folder. */
interface DatasetReader {
  name: string;
  /** The file that a folder of this data set holds in any case. */
  isHere(names: ReadonlySet<string>): boolean;
  read(
    at: (name: string) => string | undefined,
    limit: number | undefined,
  ): Promise<Omit<DatasetContents, 'name'>>;
}

const cifar10Batches = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`);

const readers: readonly DatasetReader[] = [
  {
    name: 'CIFAR-10',
    isHere: (names) => cifar10Batches.some((name) => names.has(name)),
    async read(at) {
      const references = await readCIFAR10(cifar10Batches.flatMap((name) => at(name) ?? []));
      const test = at('test_batch.bin');
      return { images: references.images, references, ...(test && { test: await readCIFAR10(test) }) };
    },
  },
  {
    name: 'CIFAR-100',
    isHere: (names) => names.has('train.bin') && names.has('fine_label_names.txt'),
    async read(at) {
      const references = await readCIFAR100(at('train.bin')!);
      const test = at('test.bin');
      return { images: references.images, references, ...(test && { test: await readCIFAR100(test) }) };
    },
  },
  {
    name: 'STL-10',
    isHere: (names) => names.has('unlabeled_X.bin') || names.has('train_X.bin'),
    async read(at, limit) {
      const part = async (name: string) => {
        const [images, labels] = [at(`${name}_X.bin`), at(`${name}_y.bin`)];
        return images && labels ? readSTL10(images, labels) : undefined;
      };
      const { images } = await readSTL10(at('unlabeled_X.bin') ?? at('train_X.bin')!, undefined, {
        ...(limit !== undefined && { limit }),
      });
      const [references, test] = [await part('train'), await part('test')];
      return { images, ...(references && { references }), ...(test && { test }) };
    },
  },
  {
    name: 'IDX',
    isHere: (names) => [...names].some((name) => /^train-images[.-]idx3-ubyte(\.gz)?$/.test(name)),
    async read(at) {
      const file = (name: string) =>
        ['-', '.']
          .flatMap((dot) => ['', '.gz'].map((end) => at(name.replace('-idx', `${dot}idx`) + end)))
          .find(Boolean);
      const part = async (name: string) => {
        const [images, labels] = [file(`${name}-images-idx3-ubyte`), file(`${name}-labels-idx1-ubyte`)];
        return images && labels ? readIDX(images, labels, { channels: 3 }) : undefined;
      };
      const references = await part('train');
      const { images } =
        references ?? (await readIDX(file('train-images-idx3-ubyte')!, undefined, { channels: 3 }));
      const test = await part('t10k');
      return { images, ...(references && { references }), ...(test && { test }) };
    },
  },
];

/**
 * Reads a data set whose files a folder holds under their usual names: the binary versions of CIFAR-10
 * (`data_batch_1.bin`, ...), CIFAR-100 (`train.bin`, `fine_label_names.txt`) and STL-10 (`unlabeled_X.bin`, `train_X.bin`,
 * `train_y.bin`, ...), or the IDX files of MNIST and its relatives (`train-images-idx3-ubyte`, ..., compressed with gzip or
 * not), whose gray pictures become gray RGB.
 *
 * @param folder - The folder.
 * @returns The data set, or `undefined` if the folder does not exist or holds none of these, such as a folder of pictures.
 * @throws `DataError` naming the file that is damaged.
 * @throws `InvalidOptionError` when `limit` is not an integer >= 1.
 * @example
 * const { images } = (await readDatasetFolder('stl10_binary', { limit: 10_000 }))!;
 */
export async function readDatasetFolder(
  folder: FilePath,
  options: DatasetFolderOptions = {},
): Promise<DatasetContents | undefined> {
  checkKeys(caller, options, { limit: 1 });
  const { limit } = options;
  if (limit !== undefined) checkInteger(caller, 'limit', limit);
  const path = toFileName(caller, 'folder', folder);
  const names = new Set(await readdir(path).catch(() => []));
  const reader = readers.find(({ isHere }) => isHere(names));
  if (!reader) return undefined;
  const at = (name: string) => (names.has(name) ? join(path, name) : undefined);
  const { images, ...labeled } = await reader.read(at, limit);
  return {
    name: reader.name,
    images: imageRange(images, 0, Math.min(limit ?? images.shape[0], images.shape[0])),
    ...labeled,
  };
}
