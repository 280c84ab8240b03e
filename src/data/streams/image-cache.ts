import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import type { Picture } from '../picture.js';

/** Options of {@link cache}. */
export interface CacheOptions {
  /** Largest memory of the decoded pictures, in bytes. Integer >= 1. */
  maxBytes: number;
}

/** A cache of decoded pictures. */
export interface ImageCache {
  /** The picture of that name, if it is cached. */
  get(name: string): Picture | undefined;
  /** Keeps a picture if the memory suffices. Returns whether it did. */
  set(name: string, picture: Picture): boolean;
  /** Removes all pictures. */
  clear(): void;
  /** Bytes of the cached pictures. */
  readonly bytes: number;
  /** Number of cached pictures. */
  readonly count: number;
}

/**
 * Makes a cache of decoded pictures, so that later epochs need not decode them again. Use one cache per data set: its key
 * is a picture's name, whatever size the picture was decoded to, and the name and `(whole)` for whole pictures, from
 * which the views of training are cut.
 *
 * The cache keeps what came first and evicts nothing. An epoch uses every picture once, so the hit rate is the fraction
 * of pictures that fits, whereas evicting the least recently used would find none in a fixed order.
 *
 * @throws {@link InvalidOptionError} when `maxBytes` is not an integer >= 1.
 * @example
 * const photos = await imageFolder('photos', { size: 96, cache: cache({ maxBytes: 2e9 }) });
 */
export function cache(options: CacheOptions): ImageCache {
  checkKeys('cache', options, { maxBytes: 1 });
  const { maxBytes } = options;
  checkInteger('cache', 'maxBytes', maxBytes);
  const pictures = new Map<string, Picture>();
  let bytes = 0;
  return {
    get: (name) => pictures.get(name),
    set(name, picture) {
      const { data, shape } = picture;
      if (pictures.has(name) || bytes + data.byteLength > maxBytes) return false;
      // A view of a larger buffer would keep all of it.
      const own = data.byteLength === data.buffer.byteLength ? data : data.slice();
      pictures.set(name, { data: own, shape });
      bytes += data.byteLength;
      return true;
    },
    clear() {
      pictures.clear();
      bytes = 0;
    },
    get bytes() {
      return bytes;
    },
    get count() {
      return pictures.size;
    },
  };
}
