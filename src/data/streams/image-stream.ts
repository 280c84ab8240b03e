import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger } from '../../errors/checks.js';
import { DataError } from '../../errors/errors.js';
import type { DecodedBatches, EpochPass, ImageBatch, ImageBatchSource, ViewBatch } from '../image-dataset.js';
import type { DecodePictures, ImageRecord, SkippedImage } from '../picture.js';
import { batch } from './batch.js';
import { BatchDecoder, type NamedRecord } from './batch-decoder.js';
import type { ImageCache } from './image-cache.js';
import { inOrder } from './map-stream.js';
import { type StreamInput, toStream } from './stream.js';

/** Options of {@link imageStream}. */
export interface ImageStreamOptions {
  /** Decodes the records that hold bytes, for example `decodePool(...)` of `simclr-ts/node`. */
  decode?: DecodePictures;
  /**
   * Batches to decode in advance. Integer >= 1.
   *
   * @defaultValue `2`
   */
  prefetch?: number;
  /**
   * Keeps decoded pictures for later epochs, by the names of their records.
   *
   * @defaultValue none
   */
  cache?: ImageCache;
  /**
   * Whether to skip a picture that cannot be decoded, or to throw.
   *
   * @defaultValue `'skip'`
   */
  onError?: 'skip' | 'throw';
  /**
   * Number of classes. Every record must then have a label from 0 to `classes - 1`.
   *
   * @defaultValue none: labels are optional
   */
  classes?: number;
}

/** Result of {@link imageStream}: a data set for training. */
export interface ImageStreamDataset extends DecodedBatches, ImageBatchSource {
  /** It starts at any batch. */
  readonly seekable: true;
  /** Whether `decode` cuts the crops of training out of the whole pictures, as `decodePool` does. */
  readonly cutsViews: boolean;
  /** Pictures skipped so far, each once. */
  readonly skipped: readonly SkippedImage[];
}

function checkLabel({ label, name }: NamedRecord, classes: number | undefined): void {
  if (label === undefined && classes === undefined) return;
  if (label !== undefined && label === (label | 0) && label >= 0 && !(label >= classes!)) return;
  const range = classes === undefined ? 'integers >= 0' : `from 0 to ${classes - 1}, one per picture`;
  throw new DataError(
    `imageStream: labels must be ${range}. Received: ${name} with ${label === undefined ? 'none' : `label ${label}`}.`,
    name,
  );
}

/** Iterates `open`, and aborts its signal when the loop ends, so that work under way stops. */
export async function* withSignal<T>(
  open: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const abort = new AbortController();
  const elements = open(abort.signal);
  try {
    for (;;) {
      const next = await elements.next();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    abort.abort();
    await elements.return();
  }
}

/**
 * Makes a data set of a stream of pictures: cuts it into batches, and decodes them while the step before is computed.
 * Batches carry `labels` if all their records have one. If `decode` cuts views, as `decodePool` does, the random crops
 * of training are cut out of the whole pictures.
 *
 * Batches are cut before decoding, so that a damaged picture makes its batch smaller and moves no other picture. A
 * batch is skipped when no picture is left, and for training (`dropRemainder`) when fewer than two are. The order is
 * that of `records` (see {@link shuffle}); the options `shuffle` and `seed` of `fit` do not apply. A resumed run
 * continues with the batches that it had not yet received.
 *
 * @param records - Pictures, decoded or not, or a function of the epoch that returns them.
 * @returns A data set for `fit`, `embed` and `imageBatches`.
 * @throws {@link InvalidOptionError} when an option is outside its domain or `records` cannot be iterated.
 * @throws {@link DataError} while batches are taken: pictures of different sizes in a batch, labels that are missing
 *   or out of range where `classes` is given, records without a name where `cache` is given, no picture that can be
 *   decoded, and with `onError: 'throw'` any that cannot.
 * @example
 * const records = shuffle(webDataset(shards), { bufferSize: 1000, seed: 1 });
 * await simclr.fit(imageStream(records, { decode }), { batchSize: 64 });
 */
export function imageStream(
  records: StreamInput<ImageRecord>,
  options: ImageStreamOptions = {},
): ImageStreamDataset {
  checkKeys('imageStream', options, { decode: 1, prefetch: 1, cache: 1, onError: 1, classes: 1 });
  const { decode, prefetch = 2, cache, onError = 'skip', classes } = options;
  checkInteger('imageStream', 'prefetch', prefetch);
  checkChoice('imageStream', 'onError', onError, ['skip', 'throw']);
  if (classes !== undefined) checkInteger('imageStream', 'classes', classes);
  const source = toStream('imageStream', records);
  const decoder = new BatchDecoder({ caller: 'imageStream', decode, cache, onError });

  function toNamed(record: ImageRecord, epoch: number, position: number): NamedRecord {
    const { index, name } = record;
    // Without a number of its own a picture has another place in every epoch.
    const called = index === undefined ? `picture ${position} of epoch ${epoch}` : `picture ${index}`;
    const numbered = index === undefined ? { index: position, indexIsPlace: true } : { index };
    const named = { ...record, name: name ?? called, ...numbered };
    if (cache && name === undefined && record.image === undefined) {
      throw new DataError(
        `imageStream: with a cache every record that is decoded must have a name of its own, because the cache knows it by that. Received: ${called} without a name.`,
        called,
      );
    }
    checkLabel(named, classes);
    return named;
  }

  async function* batches(pass: EpochPass): AsyncGenerator<ImageBatch | ViewBatch, void, undefined> {
    const { batchSize, dropRemainder, epoch, startBatch } = pass;
    let number = startBatch;
    const decoded = (signal: AbortSignal) =>
      inOrder(
        batch(source, { batchSize, dropRemainder }).open({ epoch, position: startBatch }),
        (elements) => {
          const place = number++;
          const named = elements.map((record, row) => toNamed(record, epoch, place * batchSize + row));
          return decoder.batch(named, place, pass, signal);
        },
        prefetch,
      );
    let given = 0;
    for await (const next of withSignal(decoded)) {
      if (!next) continue;
      given++;
      yield next;
    }
    const [first] = decoder.skipped;
    if (given === 0 && startBatch === 0 && first) {
      throw new DataError(
        `imageStream: records must hold at least one batch of whole pictures. Received: ${decoder.skipped.length} that do not decode; the first: ${first.reason}`,
        first.path,
      );
    }
  }

  const dataset = Object.assign(batches as DecodedBatches, {
    seekable: true as const,
    cutsViews: decode?.cut !== undefined,
    ...(source.size !== undefined && { size: source.size }),
  });
  return Object.defineProperty(dataset, 'skipped', { get: () => decoder.skipped }) as typeof dataset & {
    readonly skipped: readonly SkippedImage[];
  };
}
