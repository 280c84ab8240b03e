import sharp from 'sharp';
import { cifar10ClassNames, type LabeledImages, selectImages } from 'simclr-ts';
import { loadCIFAR10 } from 'simclr-ts/node';
import { type PictureSet, pictureSize } from '../shared/pictures.js';

/** Pictures as the studio keeps them, and the class of each. */
export interface LabeledPictures {
  pictures: PictureSet;
  labels: Uint8Array;
}

/** Parts of CIFAR-10 that share no picture. */
export interface Parts {
  /** In place of a person's own pictures: the first of the 50,000. */
  own: LabeledPictures;
  /** Other labeled pictures, as neighbors for the held-out ones: from number 5,000. */
  others: LabeledPictures;
  /** Pictures of the test set, unseen in training. */
  heldOut: LabeledPictures;
}

const firstOther = 5_000;

/** Starting encoders are trained on pictures from this number on; calibration uses those before it. */
export const firstOfStartingEncoder = 10_000;

/** Numbers of the first `count` pictures from `start` on that are of `classes`. */
function firstOf(
  { labels }: LabeledImages,
  start: number,
  end: number,
  count: number,
  classes: readonly number[] | undefined,
): number[] {
  const found: number[] = [];
  for (let index = start; index < end && found.length < count; index++) {
    if (!classes || classes.includes(labels[index]!)) found.push(index);
  }
  return found;
}

/**
 * The pictures as the studio would read them from files. CIFAR-10's 32x32 pixels are enlarged to the size that it keeps
 * by the filter of Chromium's canvas (Mitchell's); the folder of each is its class.
 */
async function asDropped(labeled: LabeledImages, indices: number[]): Promise<LabeledPictures> {
  const { images, labels } = selectImages(labeled, indices);
  const [count, height, width] = images.shape;
  const from = height * width * 3;
  const to = pictureSize * pictureSize * 3;
  const data = new Uint8Array(count * to);
  for (let row = 0; row < count; row++) {
    const pixels = images.data.subarray(row * from, (row + 1) * from) as Uint8Array;
    const resized = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .resize(pictureSize, pictureSize, { kernel: 'mitchell' })
      .raw()
      .toBuffer();
    data.set(resized, row * to);
  }
  const groups = Array.from(labels, (label) => cifar10ClassNames[label]!);
  const names = groups.map((group, row) => `${group}/${indices[row]}.png`);
  return { pictures: { names, groups, size: pictureSize, data }, labels: Uint8Array.from(labels) };
}

/** The number of pictures of each part, and their classes. */
export interface PartSizes {
  own: number;
  others: number;
  heldOut: number;
  classes: readonly number[] | undefined;
}

/** The pictures of a calibration. */
export async function calibrationPictures(
  { own, others, heldOut, classes }: PartSizes,
  log: (text: string) => void,
): Promise<Parts> {
  const { train, test } = await loadCIFAR10({ log });
  return {
    own: await asDropped(train, firstOf(train, 0, firstOther, own, classes)),
    others: await asDropped(train, firstOf(train, firstOther, firstOfStartingEncoder, others, classes)),
    heldOut: await asDropped(test, firstOf(test, 0, test.labels.length, heldOut, classes)),
  };
}

/** The pictures that a starting encoder learns from; calibration uses none of them. */
export async function startingEncoderPictures(
  count: number,
  classes: readonly number[] | undefined,
  log: (text: string) => void,
): Promise<LabeledPictures> {
  const { train } = await loadCIFAR10({ log });
  const end = train.labels.length;
  return asDropped(train, firstOf(train, firstOfStartingEncoder, end, count, classes));
}
