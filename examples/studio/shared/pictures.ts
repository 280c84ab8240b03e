/** Pictures of one size, as the studio keeps them. */
export interface PictureSet {
  /** The path of each picture, unique. */
  names: string[];
  /** The folder or kind of each; `''` if there is none. */
  groups: string[];
  /** Height and width in pixels. */
  size: number;
  /** Red, green and blue, 0-255: `[names.length, size, size, 3]`. */
  data: Uint8Array;
}

/** The pictures of a visit. */
export interface VisitPictures extends PictureSet {
  /** Whether these are the sample pictures and no others: the first picture of one's own replaces them. */
  samples: boolean;
  /** Grows with every change, so that an answer about earlier pictures is recognized. */
  version: number;
}

/** No pictures. */
export function noPictures(version: number): VisitPictures {
  return { names: [], groups: [], size: pictureSize, data: new Uint8Array(0), samples: false, version };
}

/** Height and width at which pictures are kept. */
export const pictureSize = 64;

/** Whether the page can read its worker's memory. WebKitGTK shares only WebAssembly's, even on isolated pages. */
export const sharesMemory = globalThis.crossOriginIsolated && typeof SharedArrayBuffer === 'function';

/** More would not leave enough of a tab's memory for training. What is not shared is there twice. */
export const mostPictures = sharesMemory ? 50_000 : 5000;

/** More pictures on the map would hide one another, and take seconds to place. */
export const mostOnMap = 1000;

/** Fewer give too few negatives to learn from. */
export const fewestPictures = 8;

/** Extensions of the formats that browsers decode; other files are not tried. */
export const pictureEnding = /\.(a?png|jpe?g|jpe|jfif|pjpeg|pjp|webp|gif|bmp|avif)$/i;

/** Every k-th of `count` pictures. */
export function spreadIndices(count: number, limit: number): number[] {
  const taken = Math.min(count, limit);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * count) / taken));
}

/** A file, and its path within the dropped files. */
export interface DroppedFile {
  path: string;
  file: File;
}

/** A file that is not used, and why. */
export interface LeftAside {
  path: string;
  reason: string;
}

/** The result of reading dropped files. */
export interface Reading {
  added: number;
  leftAside: LeftAside[];
  /** Number of pictures beyond {@link mostPictures}. */
  beyond: number;
}
