import type { Sharp } from 'sharp';
import type { RandomGenerator } from '../../random/index.js';
import type { loadSharp } from '../pictures/decode-image.js';
import { openPicture } from '../pictures/open-picture.js';

type SharpFunction = Awaited<ReturnType<typeof loadSharp>>;

/** A decoded picture in RGB. */
export interface Pixels {
  data: Uint8Array;
  width: number;
  height: number;
}

/** Begins one changed copy, a JPEG. Nothing is computed before it is written: most copies take one pass. */
type Change = (sharp: SharpFunction, picture: Pixels, random: RandomGenerator) => Sharp | Promise<Sharp>;

const open = (sharp: SharpFunction, { data, width, height }: Pixels): Sharp =>
  sharp(data, { raw: { width, height, channels: 3 } });

async function pixelsOf(picture: Sharp): Promise<Pixels> {
  const { data, info } = await picture.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** Saves as JPEG at which nothing but the change shows. */
const saved = (changed: Sharp): Sharp =>
  changed.removeAlpha().jpeg({ quality: 95, chromaSubsampling: '4:4:4' });

/** A part of the picture with this share of each side, at a random place. */
const crop =
  (least: number, most: number): Change =>
  (sharp, picture, random) => {
    const share = random.uniform(least, most);
    const [width, height] = [picture.width, picture.height].map((side) =>
      Math.max(1, Math.round(share * side)),
    );
    const left = random.integer(picture.width - width! + 1);
    const top = random.integer(picture.height - height! + 1);
    return saved(open(sharp, picture).extract({ left, top, width: width!, height: height! }));
  };

/** Turned by some degrees, and cropped to the largest part of the same shape that has no empty corner. */
const rotate =
  (least: number, most: number): Change =>
  async (sharp, picture, random) => {
    const degrees = random.uniform(least, most) * (random.bernoulli(0.5) ? 1 : -1);
    const turned = await pixelsOf(open(sharp, picture).rotate(degrees, { background: '#fff' }));
    const angle = Math.abs((degrees * Math.PI) / 180);
    const { width, height } = picture;
    const longer = Math.max(width / height, height / width);
    const share = 1 / (Math.cos(angle) + longer * Math.sin(angle));
    // Two pixels less, into which the empty corners were blended.
    const inside = [width, height].map((side) => Math.max(1, Math.floor(share * side) - 2)) as [
      number,
      number,
    ];
    return saved(
      open(sharp, turned).extract({
        left: Math.max(0, Math.floor((turned.width - inside[0]) / 2)),
        top: Math.max(0, Math.floor((turned.height - inside[1]) / 2)),
        width: Math.min(turned.width, inside[0]),
        height: Math.min(turned.height, inside[1]),
      }),
    );
  };

/** Brightness, contrast and saturation by a factor up to 1 + `most` or down to its inverse, hue by some degrees. */
const recolor =
  (most: number, hue: number): Change =>
  (sharp, picture, random) => {
    const factor = () => (1 + most) ** random.uniform(-1, 1);
    const contrast = factor();
    return saved(
      open(sharp, picture)
        .modulate({ brightness: factor(), saturation: factor(), hue: Math.round(random.uniform(-hue, hue)) })
        .linear(contrast, 128 * (1 - contrast)),
    );
  };

const reencode: Change = (sharp, picture, random) =>
  open(sharp, picture).jpeg({ quality: 40 + random.integer(46) });

const resize: Change = (sharp, picture, random) => {
  const share = random.uniform(0.5, 0.8);
  return saved(open(sharp, picture).resize(Math.max(1, Math.round(share * picture.width))));
};

/** The camera or the subject moved between two pictures: a little closer and beside, turned, in other light. */
const move: Change = async (sharp, picture, random) => {
  const turned = await pixelsOf(await rotate(0, 3)(sharp, picture, random));
  const part = await pixelsOf(await crop(0.75, 0.9)(sharp, turned, random));
  return recolor(0.15, 4)(sharp, part, random);
};

/** Luma of BT.601 in all channels. */
const luma = [0.299, 0.587, 0.114] as [number, number, number];
const gray: Change = (sharp, picture) => saved(open(sharp, picture).recomb([luma, luma, luma]));

/**
 * What happens to a picture that is still the same picture, and to one that is a variant of it. The amounts are those at
 * which people see hardly a difference, and those of a series of shots.
 */
export const changes = {
  same: {
    're-encoded': reencode,
    resized: resize,
    cropped: crop(0.9, 0.97),
    rotated: rotate(1, 3),
    recolored: recolor(0.12, 5),
  },
  variants: {
    moved: move,
    'cropped further': crop(0.6, 0.8),
    'rotated further': rotate(4, 10),
    'recolored further': recolor(0.35, 12),
    'without colors': gray,
  },
} satisfies Record<string, Record<string, Change>>;

/** A changed copy, as the bytes of a file. */
export interface ChangedCopy {
  /** What was changed. */
  change: string;
  bytes: Uint8Array;
}

/**
 * Decodes a picture to be copied.
 *
 * @param side - The longer side is reduced to at most this, which saves time where the network sees less.
 * @throws the error of the decoder.
 */
export async function openToCopy(sharp: SharpFunction, bytes: Uint8Array, side: number): Promise<Pixels> {
  const background = { r: 255, g: 255, b: 255 };
  const opened = await openPicture(sharp, bytes, { background, fit: 'fill', maxPixels: 0x3fff * 0x3fff });
  const small = opened.resize(side, side, { fit: 'inside', withoutEnlargement: true });
  return pixelsOf(small.toColourspace('srgb'));
}

/** Makes a changed copy of a picture for each kind of change. */
export async function changedCopies(
  sharp: SharpFunction,
  picture: Pixels,
  level: keyof typeof changes,
  random: RandomGenerator,
): Promise<ChangedCopy[]> {
  const copies: ChangedCopy[] = [];
  for (const [change, begin] of Object.entries<Change>(changes[level])) {
    const begun = await begin(sharp, picture, random);
    copies.push({ change, bytes: await begun.toBuffer() });
  }
  return copies;
}
