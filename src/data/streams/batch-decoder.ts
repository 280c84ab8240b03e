import { DataError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import type { EpochPass, ImageBatch, ViewBatch } from '../image-dataset.js';
import {
  type DecodePictures,
  type ImageRecord,
  type Picture,
  type SkippedImage,
  stackPictures,
} from '../picture.js';
import type { ViewRequest } from '../view-crops.js';
import type { ImageCache } from './image-cache.js';

/** A record that has a name and an index. */
export type NamedRecord = ImageRecord & {
  name: string;
  index: number;
  /** Whether the number is the place in the epoch, because the picture has no index of its own. */
  indexIsPlace?: boolean;
};

/** Options of {@link BatchDecoder}. */
export interface BatchDecoderOptions {
  /** Named by errors. */
  caller: string;
  decode?: DecodePictures | undefined;
  cache?: ImageCache | undefined;
  onError: 'skip' | 'throw';
}

/** Makes batches of records: takes pictures from the cache, decodes the others, and skips damaged ones. */
export class BatchDecoder {
  private readonly failures = new Map<string, SkippedImage>();

  constructor(private readonly options: BatchDecoderOptions) {}

  /** Files skipped so far, each once. */
  get skipped(): SkippedImage[] {
    return [...this.failures.values()];
  }

  /**
   * The pictures of `records` that can be decoded, or their views.
   *
   * @param number - Place of the batch in the pass.
   * @param pass - Says which views to cut, where the decoder can, and whether batches are for training.
   * @returns `undefined` when damaged pictures leave none, or for training (`dropRemainder`) only one of several:
   *   contrast needs a second picture.
   * @throws {@link DataError} with `onError: 'throw'` on the first that cannot be decoded.
   */
  async batch(
    records: readonly NamedRecord[],
    number: number,
    { views, dropRemainder }: Pick<EpochPass, 'views' | 'dropRemainder'>,
    signal?: AbortSignal,
  ): Promise<ImageBatch | ViewBatch | undefined> {
    const cut = views && (await this.cut(records, views, signal));
    const results = cut ?? (await this.pictures(records, signal)).map(alone);
    const kept: NamedRecord[] = [];
    const pictures: (readonly Picture[])[] = [];
    for (const [row, record] of records.entries()) {
      const result = results[row]!;
      if (isError(result, 'DataError')) {
        if (this.options.onError === 'throw') throw result;
        this.failures.set(record.name, { path: record.name, reason: result.message });
      } else {
        kept.push(record);
        pictures.push(result);
      }
    }
    const fewest = dropRemainder ? Math.min(2, records.length) : 1;
    if (kept.length < fewest) return undefined;
    const names = kept.map(({ name }) => name);
    const labeled = kept.every(({ label }) => label !== undefined);
    const facts = {
      indices: kept.map(({ index }) => index),
      ...(kept.some(({ indexIsPlace }) => indexIsPlace) && { indicesArePlaces: true }),
      ...(labeled && { labels: kept.map(({ label }) => label!) }),
      number,
    };
    const stacked = (place: number) =>
      stackPictures(
        this.options.caller,
        names,
        pictures.map((each) => each[place]!),
      );
    return cut
      ? { views: views.map((_, view) => stacked(view)), ...facts }
      : { images: stacked(0), ...facts };
  }

  /** The views of each picture; `undefined` where pictures that are decoded already must be cut otherwise. */
  private async cut(
    records: readonly NamedRecord[],
    views: readonly ViewRequest[],
    signal?: AbortSignal,
  ): Promise<(readonly Picture[] | DataError)[] | undefined> {
    const { cache, decode } = this.options;
    if (!decode?.cut || records.some(({ image }) => image)) return undefined;
    const pictures = records.map(({ name, bytes, index }) => {
      const image = cache?.get(wholeName(name));
      const source = image ? { image } : bytes ? { bytes } : {};
      return { name, ...source, words: views.map((view) => view.words(index)) };
    });
    const crops = views.map(({ crop }) => crop);
    const results = await decode.cut(pictures, crops, { keep: cache !== undefined, signal });
    for (const [i, { name }] of records.entries()) {
      const result = results[i]!;
      if (cache && !isError(result, 'DataError') && result[views.length]) {
        cache.set(wholeName(name), result[views.length]!);
      }
    }
    return results;
  }

  private async pictures(
    records: readonly NamedRecord[],
    signal?: AbortSignal,
  ): Promise<(Picture | DataError)[]> {
    const { caller, cache, decode } = this.options;
    // Shapes are checked where the pictures are stacked.
    const found = records.map(({ name, image }) => (image as Picture | undefined) ?? cache?.get(name));
    const missing = records.filter((_, row) => found[row] === undefined);
    if (missing.length === 0) return found as Picture[];
    if (!decode) {
      throw new DataError(
        `${caller}: records must hold a decoded image, or the option decode must be given. Received: ${missing[0]!.name} without image.`,
        missing[0]!.name,
      );
    }
    const decoded = await decode(
      missing.map(({ name, bytes }) => (bytes ? { name, bytes } : { name })),
      signal,
    );
    for (const [i, { name }] of missing.entries()) {
      const result = decoded[i];
      if (result && !isError(result, 'DataError')) cache?.set(name, result);
    }
    let next = 0;
    return found.map((picture) => picture ?? decoded[next++]!);
  }
}

/** The key in the cache of a picture from which views are cut, which has another size than decoded pictures. */
function wholeName(name: string): string {
  return `${name} (whole)`;
}

function alone(result: Picture | DataError): readonly Picture[] | DataError {
  return isError(result, 'DataError') ? result : [result];
}
