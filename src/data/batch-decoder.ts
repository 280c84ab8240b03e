import { DataError } from '../errors/errors.js';
import type { ImageCache } from './image-cache.js';
import type { ImageBatch } from './image-dataset.js';
import {
  type DecodePictures,
  type ImageRecord,
  type Picture,
  type SkippedImage,
  stackPictures,
} from './picture.js';

/** A record that has a name and a number. */
export type NamedRecord = ImageRecord & { name: string; index: number };

/** What {@link BatchDecoder} needs to know. */
export interface BatchDecoderOptions {
  /** Named by errors. */
  caller: string;
  decode?: DecodePictures | undefined;
  cache?: ImageCache | undefined;
  onError: 'skip' | 'throw';
}

/** Makes batches of records: takes decoded pictures from the cache, decodes the others, leaves out what is damaged. */
export class BatchDecoder {
  private readonly failures = new Map<string, SkippedImage>();

  constructor(private readonly options: BatchDecoderOptions) {}

  /** Files that were left out so far, each once. */
  get skipped(): SkippedImage[] {
    return [...this.failures.values()];
  }

  /**
   * The pictures of `records` that can be decoded.
   *
   * @param number - Place of the batch in the pass.
   * @returns `undefined` when damaged pictures leave fewer than two, or none of one: contrast needs a second picture.
   * @throws {@link DataError} with `onError: 'throw'` on the first that cannot be decoded.
   */
  async batch(
    records: readonly NamedRecord[],
    number: number,
    signal?: AbortSignal,
  ): Promise<ImageBatch | undefined> {
    const results = await this.pictures(records, signal);
    const kept: NamedRecord[] = [];
    const pictures: Picture[] = [];
    for (const [row, record] of records.entries()) {
      const result = results[row]!;
      if (result instanceof DataError) {
        if (this.options.onError === 'throw') throw result;
        this.failures.set(record.name, { path: record.name, reason: result.message });
      } else {
        kept.push(record);
        pictures.push(result);
      }
    }
    if (kept.length < Math.min(2, records.length)) return undefined;
    const names = kept.map(({ name }) => name);
    const labelled = kept.every(({ label }) => label !== undefined);
    return {
      images: stackPictures(this.options.caller, names, pictures),
      indices: kept.map(({ index }) => index),
      ...(labelled && { labels: kept.map(({ label }) => label!) }),
      number,
    };
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
      if (result && !(result instanceof DataError)) cache?.set(name, result);
    }
    let next = 0;
    return found.map((picture) => picture ?? decoded[next++]!);
  }
}
