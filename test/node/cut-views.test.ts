import sharp from 'sharp';
import { randomResizedCrop } from 'simclr-ts/augmentations';
import { randomGenerator } from 'simclr-ts/random';
import { describe, expect, it, onTestFinished } from 'vitest';
import { drawCropBox, wordsPerCrop } from '../../src/augmentations/geometry/crop-box.js';
import { roundHalfEven } from '../../src/augmentations/geometry/rounding.js';
import type { Picture } from '../../src/data/index.js';
import { DataError } from '../../src/errors/index.js';
import { decodePool } from '../../src/node/index.js';
import { cutViews } from '../../src/node/pictures/cut-views.js';
import { decodeHere, decodePlan } from '../../src/node/pictures/decode-image.js';
import { resampleBox } from '../../src/node/pictures/resample-box.js';
import { drawsFromWords } from '../../src/random/random-words.js';
import golden from '../fixtures/augmentations/cut-views.json' with { type: 'json' };
import { hashedValues } from '../helpers/hashed-values.js';
import { everyDamage, everyKind } from './pictures.js';

const [height, width, tile] = [100, 240, 20];
const size = golden.size as [number, number];
const boxes = golden.boxes as [number, number, number, number][];
const modes = ['bilinear', 'bicubic'] as const;

/** Soft shades with hard edges: the twin of `wide_picture` in test/fixtures/augmentations/make_cut_views.py. */
function widePicture(): Uint8Array {
  const columns = width / tile + 1;
  const corners = hashedValues('wide', (height / tile + 1) * columns * 3).map((value) =>
    Math.floor(value * 128 + 128),
  );
  const picture = new Uint8Array(height * width * 3);
  for (let i = 0; i < picture.length; i++) {
    const channel = i % 3;
    const x = Math.floor(i / 3) % width;
    const y = Math.floor(i / 3 / width);
    const [row, column, fy, fx] = [Math.floor(y / tile), Math.floor(x / tile), y % tile, x % tile];
    const corner = (down: number, right: number) =>
      corners[((row + down) * columns + column + right) * 3 + channel]!;
    let value = Math.floor(
      (corner(0, 0) * (tile - fy) * (tile - fx) +
        corner(0, 1) * (tile - fy) * fx +
        corner(1, 0) * fy * (tile - fx) +
        corner(1, 1) * fy * fx) /
        (tile * tile),
    );
    for (let disc = 0; disc < 12; disc++) {
      const [cy, cx, radius] = [(disc * 37) % height, (disc * 53) % width, 4 + 2 * disc];
      if ((y - cy) ** 2 + (x - cx) ** 2 < radius * radius) value = Math.floor(value / 2);
    }
    picture[i] = x % 16 === 0 ? 255 - value : value;
  }
  return picture;
}

const picture = widePicture();
const encode = () => sharp(picture, { raw: { width, height, channels: 3 } });

/** Largest and mean difference in levels of 255. */
function differences(actual: ArrayLike<number>, expected: ArrayLike<number>) {
  expect(actual.length).toBe(expected.length);
  const all = Array.from(expected, (value, i) => Math.abs(value - actual[i]!));
  return { largest: Math.max(...all), mean: all.reduce((sum, value) => sum + value, 0) / all.length };
}

/** Cuts the golden boxes, one at a time or all together, out of a file. */
async function cutGolden(bytes: Uint8Array, interpolation: 'bilinear' | 'bicubic', chosen: number[]) {
  const crop = { size, scale: [0.08, 1], aspectRatio: [3 / 4, 4 / 3], attempts: 10, interpolation } as const;
  const decoded: (readonly number[])[] = [];
  const views = await cutViews(
    bytes,
    { words: chosen.map((box) => Uint32Array.of(box)) },
    chosen.map(() => crop),
    false,
    {
      measure: async () => [height, width],
      drawBox: ([box]) => boxes[box!]!,
      async decode(encoded, reduced) {
        let whole = sharp(encoded);
        if (reduced) whole = whole.resize(reduced[1], reduced[0], { fit: 'fill' });
        const { data, info } = await whole.raw().toBuffer({ resolveWithObject: true });
        decoded.push([info.height, info.width]);
        return { data, shape: [info.height, info.width, 3] };
      },
      resampleBox,
    },
  );
  return { views, decoded };
}

describe('resampleBox', () => {
  it('has the picture that torchvision cut', () => {
    expect(picture.reduce((sum, value) => sum + value, 0)).toBe(golden.pictureSum);
  });

  it.each(modes)('%s: as torchvision on Pillow, within a level', (interpolation) => {
    for (const [i, box] of boxes.entries()) {
      const view = resampleBox(picture, width, box, size, interpolation);
      expect(differences(view, golden.views[interpolation][i]!).largest, `box ${box}`).toBeLessThanOrEqual(1);
    }
  });

  it.each(modes)('%s: looks at nothing outside of the box', (interpolation) => {
    const [top, left, boxHeight, boxWidth] = [20, 60, 31, 45];
    const other = picture.map((value, i) => {
      const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      const inside = x >= left && x < left + boxWidth && y >= top && y < top + boxHeight;
      return inside ? value : 255 - value;
    });
    const box = [top, left, boxHeight, boxWidth] as const;
    expect(resampleBox(other, width, box, size, interpolation)).toEqual(
      resampleBox(picture, width, box, size, interpolation),
    );
  });
});

describe('what other threads run', () => {
  it.each([cutViews, drawCropBox, drawsFromWords, resampleBox, roundHalfEven])(
    '%o has no syntax that a compiler gives helpers to',
    (part) => {
      // sucrase, behind tsup's CommonJS, writes calls of its own functions, which the threads do not have.
      expect(String(part)).not.toMatch(/\?\?|\?\.(?!\d)/);
    },
  );
});

describe('cutViews', () => {
  it('decodes once, and at full size where a box needs it', async () => {
    const { views, decoded } = await cutGolden(await encode().png().toBuffer(), 'bilinear', [0, 3, 5]);
    expect(decoded).toEqual([[height, width]]);
    for (const [i, box] of [0, 3, 5].entries()) {
      expect(views[i]!.shape).toEqual([...size, 3]);
      expect(differences(views[i]!.data, golden.views.bilinear[box]!).largest).toBeLessThanOrEqual(1);
    }
  });

  // What remains is the reduction: that of the file's format or sharp's, before the box is resized.
  it.each([
    ['png', [0, 1, 2], 4],
    ['jpeg', [0, 1, 2], 4],
    ['png', [7, 0], 2],
    ['jpeg', [7, 0], 2],
  ] as const)('decodes a %s smaller where the boxes %j are large', async (format, chosen, reduction) => {
    const bytes = await encode().toFormat(format, { quality: 95, chromaSubsampling: '4:4:4' }).toBuffer();
    const { views, decoded } = await cutGolden(bytes, 'bilinear', [...chosen]);
    expect(decoded).toEqual([[height / reduction, width / reduction]]);
    for (const [i, box] of chosen.entries()) {
      const { largest, mean } = differences(views[i]!.data, golden.views.bilinear[box]!);
      expect(largest).toBeLessThanOrEqual(format === 'jpeg' ? 4 : 8);
      expect(mean).toBeLessThan(format === 'jpeg' ? 1 : 1.5);
    }
  });
});

describe('the draws of a crop from words', () => {
  it('are those of the generator, in pictures of any shape', () => {
    for (const [i, imageSize] of (
      [
        [96, 96],
        [360, 900],
        [1000, 30],
        [7, 5],
      ] as const
    ).entries()) {
      for (const attempts of [0, 1, 10]) {
        const crop = randomResizedCrop({ size: 8, attempts });
        const { plan, streams } = crop.leadingCrop!;
        for (let seed = 0; seed < 50; seed++) {
          const random = randomGenerator(100 * i + seed);
          const words = streams(random).row(0).words(wordsPerCrop(plan));
          const box = drawCropBox(drawsFromWords(words), imageSize, plan, roundHalfEven);
          expect(box).toEqual([...crop.sample(1, random, imageSize).boxes]);
        }
      }
    }
  });
});

describe('the decoders', () => {
  const crops = (
    [
      [10, 12],
      [7, 7],
    ] as const
  ).map((viewSize, i) => ({
    ...randomResizedCrop({ size: viewSize, interpolation: modes[i]! }).leadingCrop!.plan,
  }));
  const words = (seed: number) =>
    crops.map((plan, view) => randomGenerator(seed).row(view).words(wordsPerCrop(plan)));

  it('cut the same views on this thread and on others, of every kind of file', async () => {
    const pool = decodePool({ workers: 2 });
    onTestFinished(() => pool.close());
    const files = { ...(await everyKind()), 'wide.jpg': await encode().jpeg().toBuffer() };
    const pictures = Object.entries(files).map(([name, bytes], i) => ({ name, bytes, words: words(i) }));
    const here = await decodeHere('test', decodePlan('test', {}), 2).cut!(pictures, crops);
    expect(await pool.cut(pictures, crops)).toEqual(here);
    for (const views of here) {
      expect(views).not.toBeInstanceOf(DataError);
      expect((views as readonly Picture[]).map(({ shape }) => shape)).toEqual([
        [10, 12, 3],
        [7, 7, 3],
      ]);
    }
  });

  it('draw in the picture as it is seen, after the rotation in its EXIF data', async () => {
    const upright = await encode().rotate(90).png().toBuffer();
    const rotated = await encode().withMetadata({ orientation: 6 }).png().toBuffer();
    const cut = decodeHere('test', decodePlan('test', {}), 2).cut!;
    const [a, b] = await cut(
      [upright, rotated].map((bytes, i) => ({ name: `${i}`, bytes, words: words(3) })),
      crops,
    );
    for (const view of [0, 1]) {
      const [one, other] = [a, b].map((views) => (views as readonly Picture[])[view]!.data);
      expect(differences(one!, other!).largest).toBeLessThanOrEqual(2); // turned before or after it was reduced
    }
  });

  it('say which file is damaged, and cut the others', async () => {
    const pool = decodePool({ workers: 1 });
    onTestFinished(() => pool.close());
    const files = { ...(await everyDamage()), 'good.png': await encode().png().toBuffer() };
    const pictures = Object.entries(files).map(([name, bytes], i) => ({ name, bytes, words: words(i) }));
    for (const cut of [pool.cut, decodeHere('test', decodePlan('test', {}), 2).cut!]) {
      const results = await cut(pictures, crops);
      for (const [i, { name }] of pictures.entries()) {
        if (name === 'good.png') expect(results[i]).toHaveLength(2);
        else expect((results[i] as DataError).path).toBe(name);
      }
    }
  });
});
