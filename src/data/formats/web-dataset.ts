import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, receivedMessage } from '../../errors/checks.js';
import { DataError, InvalidOptionError } from '../../errors/errors.js';
import { randomGenerator } from '../../random/index.js';
import type { ImageRecord } from '../picture.js';
import { makeStream, type Stream } from '../streams/stream.js';
import type { ByteSource } from './byte-source.js';
import { type TarEntriesOptions, tarEntries } from './tar/tar-entries.js';

/** Options of {@link webDataset}. */
export interface WebDatasetOptions extends TarEntriesOptions {
  /**
   * Whether to shuffle the shards in each epoch.
   *
   * @defaultValue `true`
   */
  shuffleShards?: boolean;
  /**
   * Seed of that order. Integer >= 0.
   *
   * @defaultValue `0`
   */
  seed?: number;
  /**
   * Extensions of a sample's picture file.
   *
   * @defaultValue those of the formats that sharp reads
   */
  imageExtensions?: readonly string[];
  /**
   * Extension of a sample's label file, which holds an integer >= 0 as text.
   *
   * @defaultValue `'cls'`
   */
  labelExtension?: string;
}

/** A sample of a WebDataset: a picture, and the other files of that name. */
export interface WebDatasetRecord extends ImageRecord {
  /** Shard and key: `train-000.tar/n01440764_10026`. */
  readonly name: string;
  /** The picture's file. */
  readonly bytes: Uint8Array;
  /**
   * Number of the sample, in the order of the shards and before any {@link shuffle}. Left out if shards come in a new
   * order each epoch, because it would belong to another sample in the next one; use `name` instead.
   */
  readonly index?: number;
  /** All files of the sample, by ending in lower case: `files.json`. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** Extensions of the files that sharp reads, listed here because browsers have no sharp. */
export const pictureExtensions: readonly string[] = [
  'jpg',
  'jpeg',
  'jpe',
  'jfif',
  'png',
  'webp',
  'tif',
  'tiff',
  'gif',
  'svg',
  'svgz',
  'svg.gz',
  'avif',
];

/** Key and ending of a file's path: the name up to its first dot, and what follows it. */
function splitName(path: string): [key: string, extension: string] | undefined {
  const match = /^((?:.*\/)?[^/.][^/.]*)\.([^/]+)$/.exec(path);
  return match ? [match[1]!, match[2]!.toLowerCase()] : undefined;
}

interface Sample {
  key: string;
  files: Map<string, Uint8Array>;
}

/** Groups consecutive files with the same key into samples. */
async function* samplesOf(
  shard: ByteSource,
  options: TarEntriesOptions,
): AsyncGenerator<Sample, void, undefined> {
  let sample: Sample | undefined;
  for await (const { name, bytes } of tarEntries(shard, options)) {
    const [key, extension] = splitName(name) ?? [];
    if (key === undefined || extension === undefined) continue;
    if (sample?.key !== key) {
      if (sample) yield sample;
      sample = { key, files: new Map() };
    }
    if (sample.files.has(extension)) throw badSample(shard, key, `with two files ending in .${extension}`);
    sample.files.set(extension, bytes);
  }
  if (sample) yield sample;
}

function badSample(shard: ByteSource, key: string, what: string): DataError {
  const name = `${shard.name}/${key}`;
  return new DataError(
    `webDataset: a sample must have one picture and, if any, one integer >= 0 as its label. Received: ${name} ${what}.`,
    name,
  );
}

function parseLabel(shard: ByteSource, key: string, bytes: Uint8Array): number {
  const text = new TextDecoder().decode(bytes.subarray(0, 32)).trim();
  const label = /^\d{1,9}$/.test(text) && bytes.length <= 32 ? Number(text) : Number.NaN;
  if (Number.isNaN(label)) throw badSample(shard, key, `with the label ${JSON.stringify(text)}`);
  return label;
}

/**
 * Reads the samples of a WebDataset: tar archives ("shards") in which the files of a sample follow each other and share
 * a name up to the first dot, as in `0001.jpg`, `0001.cls`. Names without a dot, or that begin with one, are ignored.
 *
 * Shards are read one after the other, in an order that is a function of seed and epoch. Mix their samples with
 * {@link shuffle}, and make batches with {@link imageStream}: batches carry `labels` if all samples have a label. To
 * reach a position inside an epoch, the samples before it are read, but not decoded.
 *
 * @param shards - At least one; `webDatasetFiles` of `simclr-ts/node` takes files.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @throws {@link DataError} while reading, naming shard and sample: what {@link tarEntries} refuses, a sample without
 *   or with two pictures, a label that is not an integer >= 0.
 * @example
 * const shards = urls.map((url) => ({ name: url, open: async () => (await fetch(url)).body! }));
 * const records = shuffle(webDataset(shards, { seed: 1 }), { bufferSize: 1000, seed: 1 });
 * @see The WebDataset format, https://github.com/webdataset/webdataset
 */
export function webDataset(
  shards: readonly ByteSource[],
  options: WebDatasetOptions = {},
): Stream<WebDatasetRecord> {
  checkKeys('webDataset', options, {
    shuffleShards: 1,
    seed: 1,
    imageExtensions: 1,
    labelExtension: 1,
    maxEntryBytes: 1,
  });
  const {
    shuffleShards = true,
    seed = 0,
    imageExtensions = pictureExtensions,
    labelExtension = 'cls',
  } = options;
  if (!Array.isArray(shards) || shards.length === 0) {
    const expectation = 'shards must be an array of at least one source';
    throw new InvalidOptionError(receivedMessage('webDataset', expectation, 'shards', shards));
  }
  checkInteger('webDataset', 'seed', seed, 0);
  const pictureFields = imageExtensions.map((extension) => extension.toLowerCase());
  const labelField = labelExtension.toLowerCase();
  const { maxEntryBytes } = options;
  if (maxEntryBytes !== undefined) checkInteger('webDataset', 'maxEntryBytes', maxEntryBytes);
  const tarOptions = maxEntryBytes === undefined ? {} : { maxEntryBytes };

  function toRecord(shard: ByteSource, { key, files }: Sample, index: number): WebDatasetRecord {
    const pictures = pictureFields.filter((extension) => files.has(extension));
    if (pictures.length !== 1) {
      const endings = [...files.keys()].map((extension) => `.${extension}`).join(', ');
      throw badSample(shard, key, `with ${pictures.length} pictures (files: ${endings})`);
    }
    const label = files.get(labelField);
    return {
      name: `${shard.name}/${key}`,
      bytes: files.get(pictures[0]!)!,
      ...(!shuffleShards && { index }),
      files: Object.fromEntries(files),
      ...(label && { label: parseLabel(shard, key, label) }),
    };
  }

  return makeStream({
    ...(shuffleShards && { seed }),
    async *open(epoch, position) {
      const numbers = Uint32Array.from({ length: shards.length }, (_, shard) => shard);
      const order = shuffleShards ? randomGenerator(seed).fold(epoch).permutation(shards.length) : numbers;
      let index = 0;
      for (const number of order) {
        const shard = shards[number]!;
        for await (const sample of samplesOf(shard, tarOptions)) {
          if (index >= position) yield toRecord(shard, sample, index);
          index++;
        }
      }
    },
  });
}
