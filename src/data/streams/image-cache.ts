import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import type { Picture } from '../picture.js';

/** Options of {@link cache}. */
export interface CacheOptions {
  /** Memory for decoded pictures, in bytes. Integer >= 1. */
  maxBytes: number;
}

/** Decoded pictures, as many as its memory holds. */
export interface ImageCache {
  /** The picture of that name, if it is there. */
  get(name: string): Picture | undefined;
  /** Keeps a picture if there is room, which is the result. */
  set(name: string, picture: Picture): boolean;
  /** Forgets all pictures. */
  clear(): void;
  /** Bytes of the pictures that are there. */
  readonly bytes: number;
  /** Number of the pictures that are there. */
  readonly count: number;
}

/**
 * Memory for decoded pictures, so that later epochs need not decode them again. For one data set: pictures are known
 * by name, whatever size they were decoded to; whole ones, from which the views of training are cut, by name and
 * `(whole)`.
 *
 * What came first stays; nothing is ever pushed out. An epoch uses every picture once, so whichever are kept, the
 * share of pictures found is the share that fits, whereas throwing out the least recently used would in a fixed order
 * find none.
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
