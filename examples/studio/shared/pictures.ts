/** Pictures of one size, as the studio keeps them. */
export interface PictureSet {
  /** The path of each picture, unique. */
  names: string[];
  /** The folder or kind of each; `''` if there is none. */
  groups: string[];
  /** Height and width in pixels. */
  size: number;
  /** Red, green and blue, 0-255: `[names.length, size, size, 3]`. */
  data: Uint8Array<ArrayBuffer>;
}

/** Height and width at which pictures are kept. */
export const pictureSize = 64;

/** More would not leave enough of a tab's memory for training. */
export const mostPictures = 5000;

/** Fewer give too few negatives to learn from. */
export const fewestPictures = 8;

/** Extensions of the formats that browsers decode; other files are not tried. */
export const pictureEnding = /\.(a?png|jpe?g|jpe|jfif|pjpeg|pjp|webp|gif|bmp|avif)$/i;

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
