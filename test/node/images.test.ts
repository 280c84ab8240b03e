import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { batchesPerEpoch, datasetSize, imageBatches } from '../../src/data/index.js';
import { DataError, InvalidOptionError, SimCLRError } from '../../src/errors/index.js';
import { importOptional } from '../../src/node/backends/optional-package.js';
import { decodeImage, imageFolder, readImageFolder } from '../../src/node/index.js';
import { expectTensors } from '../helpers/leaks.js';
import { temporaryFolder } from './temporary.js';

type Color = { r: number; g: number; b: number };

const red: Color = { r: 200, g: 10, b: 20 };

function plain(color: Color, width = 8, height = 8) {
  return sharp({ create: { width, height, channels: 3, background: color } });
}

/** Left half of one color, right half of another. */
async function halves(left: Color, right: Color, width = 8, height = 4) {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const { r, g, b } = i % width < width / 2 ? left : right;
    data.set([r, g, b], 3 * i);
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

const pixel = (data: Uint8Array, width: number, y: number, x: number) => [
  ...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];

function expectNear(actual: number[], expected: number[], tolerance: number): void {
  for (const [i, value] of expected.entries())
    expect(Math.abs(actual[i]! - value), `${actual}`).toBeLessThanOrEqual(tolerance);
}

describe('decodeImage', () => {
  it('gives the exact bytes of a PNG, from a name, a URL and bytes', async () => {
    const path = join(temporaryFolder(), 'a picture [1].png');
    const data = Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => (i * 37) % 256);
    writeFileSync(
      path,
      await sharp(data, { raw: { width: 5, height: 4, channels: 3 } })
        .png()
        .toBuffer(),
    );
    const bytes = readFileSync(path);
    for (const source of [path, pathToFileURL(path), bytes, new Uint8Array(bytes).buffer]) {
      expect(await decodeImage(source)).toEqual({ data, shape: [4, 5, 3] });
    }
  });

  it('applies the rotation of EXIF data', async () => {
    const blue = { r: 0, g: 0, b: 255 };
    // Orientation 6: turn a quarter clockwise to view; the left half becomes the upper one.
    const bytes = await (await halves(red, blue)).withMetadata({ orientation: 6 }).png().toBuffer();
    const { data, shape } = await decodeImage(bytes);
    expect(shape).toEqual([8, 4, 3]);
    expect(pixel(data, 4, 0, 3)).toEqual([200, 10, 20]);
    expect(pixel(data, 4, 7, 0)).toEqual([0, 0, 255]);
  });

  it('makes 8-bit RGB of gray, 16-bit, transparent, CMYK and animated pictures', async () => {
    const gray = await plain({ r: 90, g: 90, b: 90 }).toColourspace('b-w').png().toBuffer();
    expect((await sharp(gray).metadata()).channels).toBe(1);
    expect(pixel((await decodeImage(gray)).data, 8, 3, 3)).toEqual([90, 90, 90]);

    const deep = await plain(red).toColourspace('rgb16').png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect(pixel((await decodeImage(deep)).data, 8, 3, 3)).toEqual([200, 10, 20]);

    const deepGray = await plain({ r: 90, g: 90, b: 90 }).toColourspace('grey16').png().toBuffer();
    expect((await sharp(deepGray).metadata()).depth).toBe('ushort');
    expectNear(pixel((await decodeImage(deepGray)).data, 8, 3, 3), [90, 90, 90], 1);

    const clear = await sharp({
      create: { width: 8, height: 8, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0 } },
    })
      .png()
      .toBuffer();
    expect(pixel((await decodeImage(clear)).data, 8, 3, 3)).toEqual([255, 255, 255]);
    const onGreen = await decodeImage(clear, { background: [0, 128, 0], size: 4 });
    expect(pixel(onGreen.data, 4, 1, 1)).toEqual([0, 128, 0]);

    const cmyk = await plain(red).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(cmyk).metadata()).channels).toBe(4);
    const converted = await decodeImage(cmyk);
    expect(converted.shape).toEqual([8, 8, 3]);
    expectNear(pixel(converted.data, 8, 3, 3), [200, 10, 20], 40); // colors outside CMYK's gamut move

    const moving = sharp(
      await Promise.all([red, { r: 0, g: 0, b: 255 }].map((color) => plain(color).png().toBuffer())),
      { join: { animated: true } },
    );
    for (const frames of [
      await moving.clone().gif().toBuffer(),
      await moving.webp({ lossless: true }).toBuffer(),
    ]) {
      expect((await sharp(frames).metadata()).pages).toBe(2);
      const first = await decodeImage(frames);
      expect(first.shape).toEqual([8, 8, 3]);
      expectNear(pixel(first.data, 8, 3, 3), [200, 10, 20], 8);
    }
  });

  it('crops, pads or distorts to the size', async () => {
    const blue = { r: 0, g: 0, b: 255 };
    const wide = await (await halves(red, blue, 40, 10)).png().toBuffer();
    const cover = await decodeImage(wide, { size: 10 });
    expect(cover.shape).toEqual([10, 10, 3]);
    expect(pixel(cover.data, 10, 5, 0)).toEqual([200, 10, 20]);
    const contain = await decodeImage(wide, { size: [12, 12], fit: 'contain', background: [1, 2, 3] });
    expect(pixel(contain.data, 12, 0, 6)).toEqual([1, 2, 3]);
    expect(pixel(contain.data, 12, 6, 0)).toEqual([200, 10, 20]);
    expect((await decodeImage(wide, { size: [6, 3], fit: 'fill' })).shape).toEqual([6, 3, 3]);
  });

  it('says which file is not a picture, damaged, cut off or missing', async () => {
    const folder = temporaryFolder();
    const whole = await (await halves(red, { r: 0, g: 0, b: 0 }, 200, 200)).jpeg().toBuffer();
    const files: Record<string, Uint8Array> = {
      'text.jpg': Buffer.from('this is no picture'),
      'empty.jpg': new Uint8Array(0),
      'cut.jpg': whole.subarray(0, whole.length >> 1),
      'header.png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      const error = await decodeImage(path).catch((reason) => reason);
      expect(error, name).toBeInstanceOf(DataError);
      expect(error.path).toBe(path);
      expect(error.message).toMatch(/^decodeImage: a whole picture .* Received: path=".*\(.+\)\.$/);
    }
    await expect(decodeImage(join(folder, 'none.jpg'))).rejects.toThrow(
      /no such file or directory \(ENOENT\)/,
    );
    await expect(decodeImage(folder)).rejects.toThrow(/it is a directory \(EISDIR\)/);
    await expect(decodeImage(files['text.jpg']!)).rejects.toThrow(/Received: 18 bytes/);
    await expect(decodeImage(3 as never)).rejects.toThrow(InvalidOptionError);
  });

  it('gives a picture or an error of ours for mutated bytes', async () => {
    const whole = new Uint8Array(await plain(red, 24, 24).jpeg().toBuffer());
    const mutation = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(mutation, async (edits) => {
        const bytes = whole.slice();
        for (const [position, value] of edits) bytes[position] = value;
        const result = await decodeImage(bytes, { size: 4 }).catch((error) => error);
        if (result instanceof Error) expect(result).toBeInstanceOf(DataError);
        else expect(result.data).toHaveLength(4 * 4 * 3);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('refuses options outside their domain', async () => {
    const bytes = await plain(red).png().toBuffer();
    await expect(decodeImage(bytes, { size: 0 })).rejects.toThrow(/size must be an integer >= 1/);
    await expect(decodeImage(bytes, { size: [4] as never })).rejects.toThrow(InvalidOptionError);
    await expect(decodeImage(bytes, { fit: 'stretch' as never })).rejects.toThrow(/fit must be one of/);
    await expect(decodeImage(bytes, { background: [0, 0, 256] })).rejects.toThrow(/background must be 0-255/);
  });

  it('gives the install line for a package that is not there, and the reason for one that is broken', async () => {
    const name = 'simclr-ts-no-such-package';
    const missing = await importOptional('decodeImage', name, () => import(name)).catch((reason) => reason);
    expect(missing).toBeInstanceOf(SimCLRError);
    expect(missing.message).toBe(
      `decodeImage: the package ${name} must be there; install it with \`npm install ${name}\`. Received: ${name} is not installed.`,
    );
    await expect(
      importOptional('decodeImage', 'sharp', () => Promise.reject(new Error('bad ELF'))),
    ).rejects.toThrow(/sharp does not load \(bad ELF\)/);
  });
});

/** Writes one-color pictures whose red channel is their number. */
async function writePictures(folder: string, names: string[]): Promise<void> {
  for (const [i, name] of names.entries()) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await plain({ r: i, g: 0, b: 0 }).png().toBuffer());
  }
}

describe('readImageFolder', () => {
  it('reads class folders, sorted, and skips what is not a picture', async () => {
    const folder = temporaryFolder();
    await writePictures(folder, ['dog/b.png', 'cat/z.PNG', 'dog/a.png', 'Ant/1.png']);
    writeFileSync(join(folder, 'readme.txt'), 'hello');
    writeFileSync(join(folder, '.hidden.png'), 'hello');
    mkdirSync(join(folder, 'no pictures'));
    const { images, paths, labels, classNames, skipped } = await readImageFolder(folder, { size: 4 });
    expect(paths).toEqual(
      ['Ant/1.png', 'cat/z.PNG', 'dog/a.png', 'dog/b.png'].map((name) => join(folder, name)),
    );
    expect(classNames).toEqual(['Ant', 'cat', 'dog']);
    expect([...labels!]).toEqual([0, 1, 2, 2]);
    expect(images.shape).toEqual([4, 4, 4, 3]);
    expect([0, 1, 2, 3].map((i) => images.data[i * 48])).toEqual([3, 1, 2, 0]);
    expect(skipped).toEqual([]);
  });

  it('has no labels when pictures lie elsewhere, and reads deep folders only when asked', async () => {
    const folder = temporaryFolder();
    await writePictures(folder, ['top.png', 'cat/a.png', 'cat/deep/b.png']);
    const all = await readImageFolder(folder, { size: 2 });
    expect(all.paths).toHaveLength(3);
    expect(all).not.toHaveProperty('labels');
    expect((await readImageFolder(folder, { size: 2, recursive: false })).paths).toEqual([
      join(folder, 'top.png'),
    ]);
  });

  it('leaves a picture out that would fill the memory, and takes those of any other size', async () => {
    const folder = temporaryFolder();
    for (const [name, width, height] of [
      ['a', 1, 1],
      ['b', 90, 30],
      ['huge', 200, 101],
    ] as const) {
      writeFileSync(join(folder, `${name}.png`), await plain(red, width, height).png().toBuffer());
    }
    const { images, skipped } = await readImageFolder(folder, { size: 4, maxPixels: 20_000 });
    expect(images.shape).toEqual([2, 4, 4, 3]);
    expect(skipped).toMatchObject([
      { path: join(folder, 'huge.png'), reason: expect.stringMatching(/huge\.png.*exceeds pixel limit/) },
    ]);
  });

  it('leaves damaged pictures out and says so, or throws', async () => {
    const folder = temporaryFolder();
    await writePictures(folder, ['a/0.png', 'a/1.png', 'b/2.png', 'b/3.png']);
    writeFileSync(join(folder, 'a/1.png'), 'damaged');
    const { images, paths, labels, skipped } = await readImageFolder(folder, { size: 2, concurrency: 2 });
    expect(paths.map((path) => path.slice(-5))).toEqual(['0.png', '2.png', '3.png']);
    expect([...labels!]).toEqual([0, 1, 1]);
    expect([0, 1, 2].map((i) => images.data[i * 12])).toEqual([0, 2, 3]);
    expect(images.data).toHaveLength(3 * 12);
    expect(skipped).toEqual([
      { path: join(folder, 'a/1.png'), reason: expect.stringContaining('unsupported image format') },
    ]);
    await expect(readImageFolder(folder, { size: 2, onError: 'throw' })).rejects.toThrow(/1\.png/);
  });

  it('takes a limited number from all classes', async () => {
    const folder = temporaryFolder();
    await writePictures(folder, ['a/0.png', 'a/1.png', 'b/2.png', 'b/3.png']);
    const { labels, classNames } = await readImageFolder(folder, { size: 2, limit: 2 });
    expect([...labels!]).toEqual([0, 1]);
    expect(classNames).toEqual(['a', 'b']);
  });

  it('follows links but not in circles, and reports one that leads nowhere', async () => {
    const folder = temporaryFolder();
    await writePictures(folder, ['a/0.png']);
    symlinkSync(folder, join(folder, 'a/circle'));
    symlinkSync(join(folder, 'a/0.png'), join(folder, 'a/1.png'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'a/2.png'));
    const { paths, skipped } = await readImageFolder(folder, { size: 2 });
    expect(paths.map((path) => path.slice(-5))).toEqual(['0.png']);
    expect(skipped).toEqual([{ path: join(folder, 'a/2.png'), reason: expect.stringContaining('ENOENT') }]);
  });

  it('refuses empty and missing folders, and one with damaged pictures only', async () => {
    const folder = temporaryFolder();
    await expect(readImageFolder(folder, { size: 2 })).rejects.toThrow(/at least one picture .* with none/);
    await expect(readImageFolder(join(folder, 'x'), { size: 2 })).rejects.toThrow(
      /dir must be a folder.*ENOENT/,
    );
    writeFileSync(join(folder, '0.png'), '');
    const error = await readImageFolder(folder, { size: 2 }).catch((reason) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(/with 1 that do not decode; the first: .*0\.png/);
    await expect(readImageFolder(folder, {} as never)).rejects.toThrow(/size must be given/);
    await expect(readImageFolder(folder, { size: 2, onError: 'warn' as never })).rejects.toThrow(/onError/);
    await expect(readImageFolder(folder, { size: 2, limit: 0 })).rejects.toThrow(/limit/);
    await expect(readImageFolder(folder, { size: 2, concurrency: 0 })).rejects.toThrow(/concurrency/);
  });
});

describe('imageFolder', () => {
  const names = Array.from({ length: 7 }, (_, i) => `${i % 2 ? 'odd' : 'even'}/${i}.png`);

  it('streams every picture once, in an order of seed and epoch, and resumes', async () => {
    const folder = temporaryFolder();
    await writePictures(folder, names);
    const photos = await imageFolder(folder, { size: 2 });
    expect(datasetSize(photos)).toBe(7);
    expect(batchesPerEpoch(photos, { batchSize: 3 })).toBe(2);
    expect(photos.classNames).toEqual(['even', 'odd']);
    const numbers = photos.paths.map((path) => Number(path.at(-5)));
    const epoch = async (options: { epoch?: number; startBatch?: number; dropRemainder?: boolean }) => {
      const seen: number[][] = [];
      for await (const { images, indices } of imageBatches(photos, { batchSize: 3, ...options })) {
        const values = await images.data();
        for (const [row, index] of indices.entries()) {
          expect(Math.round(values[row * 12]! * 255)).toBe(numbers[index]);
        }
        seen.push([...indices]);
        images.dispose();
      }
      return seen;
    };
    await expectTensors(0, async () => {
      const first = await epoch({ dropRemainder: false });
      expect(first.map((batch) => batch.length)).toEqual([3, 3, 1]);
      expect(first.flat().sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(await epoch({})).toEqual(first.slice(0, 2));
      expect(await epoch({ startBatch: 1 })).toEqual(first.slice(1, 2));
      expect(await epoch({ epoch: 1 })).not.toEqual(first.slice(0, 2));
    });
  });

  it('makes a batch smaller for a damaged picture, and keeps the others where they were', async () => {
    const folder = temporaryFolder();
    await writePictures(folder, names);
    const order = async () => {
      const photos = await imageFolder(folder, { size: 2 });
      const seen: number[][] = [];
      for await (const { images, indices } of imageBatches(photos, { batchSize: 3 })) {
        seen.push([...indices]);
        images.dispose();
      }
      return { seen, photos };
    };
    const whole = (await order()).seen;
    const broken = whole[0]![1]!;
    const { paths } = await imageFolder(folder, { size: 2 });
    writeFileSync(paths[broken]!, 'damaged');
    const { seen, photos } = await order();
    expect(seen).toEqual([whole[0]!.filter((index) => index !== broken), whole[1]]);
    expect(photos.skipped.map(({ path }) => path)).toEqual([paths[broken]]);
    const strict = await imageFolder(folder, { size: 2, onError: 'throw' });
    const iterate = async () => {
      for await (const { images } of imageBatches(strict, { batchSize: 3 })) images.dispose();
    };
    await expect(iterate()).rejects.toThrow(DataError);
  });

  it('refuses folders that give no batch', async () => {
    const folder = temporaryFolder();
    await expect(imageFolder(folder, { size: 2 })).rejects.toThrow(/at least one picture/);
    writeFileSync(join(folder, '0.png'), 'damaged');
    const photos = await imageFolder(folder, { size: 2 });
    const first = (batchSize: number) => imageBatches(photos, { batchSize }).next();
    await expect(first(1)).rejects.toThrow(/at least one batch of whole pictures/);
    await expect(first(2)).rejects.toThrow(/fill at least one batch\. Received: 1 pictures, batchSize=2/);
  });
});
