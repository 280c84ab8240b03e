/** Pictures of one size, as the studio holds them. */
export interface PictureSet {
  /** Where each came from: a path, unique. */
  names: string[];
  /** The folder or kind of each; `''` where there is none. */
  groups: string[];
  /** Height and width in pixels. */
  size: number;
  /** Red, green and blue, 0-255: `[names.length, size, size, 3]`. */
  data: Uint8Array<ArrayBuffer>;
}

/** Height and width at which pictures are kept. */
export const pictureSize = 64;

/** More would not fit into a tab's memory beside training. */
export const mostPictures = 5000;

/** Fewer give too few negatives to learn from. */
export const fewestPictures = 8;

/** Endings of the formats that browsers decode; others are not even tried. */
export const pictureEnding = /\.(a?png|jpe?g|jpe|jfif|pjpeg|pjp|webp|gif|bmp|avif)$/i;

/** One file and where it lay in what was dropped. */
export interface DroppedFile {
  path: string;
  file: File;
}

/** A file that is no picture, and why. */
export interface LeftAside {
  path: string;
  reason: string;
}

/** What came of dropped files. */
export interface Reading {
  added: number;
  leftAside: LeftAside[];
  /** Pictures that were there beyond {@link mostPictures}. */
  beyond: number;
}
