/**
 * How many copies of a picture a model finds, and how many different pictures it takes for copies, by h and at a read-out:
 *
 *     npx tsx bench/learning/near-duplicates.ts --model FOLDER --fit 4096
 *
 * The pictures are CIFAR-10's test pictures, and the read-out is fitted to its training pictures. See docs/readout.md.
 */
import { Command } from 'commander';
import sharp, { type Sharp } from 'sharp';
import { type EmbeddingArray, type ImageArray, SimCLR } from 'simclr-ts';
import { fitReadout } from 'simclr-ts/features';
import { directory, loadCIFAR10, useBestBackend } from 'simclr-ts/node';
import { integer } from '../../src/cli/options.js';
import { imageRange } from '../../src/data/image-rows.js';
import { toHost } from '../../src/evaluation/embed-on-host.js';

const { model, pictures, fit } = new Command('near-duplicates')
  .requiredOption('--model <folder>', 'a model for pictures of 32x32')
  .option('--pictures <count>', 'test pictures', integer(2), 2000)
  .option('--fit <count>', 'training pictures that the read-out is fitted to', integer(2), 4096)
  .parse()
  .opts<{ model: string; pictures: number; fit: number }>();

const side = 32;
const length = side * side * 3;

/** What becomes of a picture. */
const copies: Record<string, (picture: Sharp) => Promise<Sharp>> = {
  'JPEG of quality 75': async (picture) => sharp(await picture.jpeg({ quality: 75 }).toBuffer()),
  'JPEG of quality 50': async (picture) => sharp(await picture.jpeg({ quality: 50 }).toBuffer()),
  'resized to 75 % and back': async (picture) =>
    sharp(await picture.resize(24, 24).png().toBuffer()).resize(side, side),
  'brighter by 10 %': async (picture) => picture.linear(1.1, 0),
  'cropped by one pixel per side': async (picture) =>
    sharp(await picture.extract({ left: 1, top: 1, width: 30, height: 30 }).png().toBuffer()).resize(
      side,
      side,
    ),
};

async function copyAll(images: ImageArray, copy: (picture: Sharp) => Promise<Sharp>): Promise<ImageArray> {
  const data = new Uint8Array(images.data.length);
  for (let from = 0; from < data.length; from += length) {
    const bytes = Uint8Array.from(images.data.subarray(from, from + length));
    const picture = sharp(bytes, { raw: { width: side, height: side, channels: 3 } });
    data.set(await (await copy(picture)).removeAlpha().raw().toBuffer(), from);
  }
  return { data, shape: images.shape };
}

/** Cosine similarity of row i of one with row j of the other, whose rows have length 1. */
function similarity(a: EmbeddingArray, i: number, b: EmbeddingArray, j: number): number {
  const [, dim] = a.shape;
  let sum = 0;
  for (let k = 0; k < dim; k++) sum += a.data[i * dim + k]! * b.data[j * dim + k]!;
  return sum;
}

async function directions(simclr: SimCLR, images: ImageArray, at: 'h' | 'readout'): Promise<EmbeddingArray> {
  const { data, shape } = await toHost(await simclr.embed(images, { at }));
  for (let row = 0; row < shape[0]; row++) {
    const values = data.subarray(row * shape[1], (row + 1) * shape[1]);
    const size = Math.hypot(...values);
    for (let k = 0; k < values.length; k++) values[k] = values[k]! / size;
  }
  return { data, shape };
}

await useBestBackend();
const { train, test } = await loadCIFAR10({ log: console.error });
const images = imageRange(test.images, 0, pictures);
const simclr = await SimCLR.load(directory(model));
simclr.readout = await fitReadout(simclr, imageRange(train.images, 0, fit));
console.log(`${pictures} pictures; read-out of ${simclr.readout.dim} dimensions, fitted to ${fit}`);
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
for (const at of ['h', 'readout'] as const) {
  const thresholds = [0.8, 0.85, 0.9, 0.92, 0.95, 0.97, 0.98, 0.99];
  const originals = await directions(simclr, images, at);
  const others = thresholds.map(() => 0);
  for (let i = 0; i < pictures; i++) {
    for (let j = 0; j < i; j++) {
      const value = similarity(originals, i, originals, j);
      for (const [t, threshold] of thresholds.entries()) if (value >= threshold) others[t] = others[t]! + 1;
    }
  }
  const line = (name: string, values: (string | number)[]) =>
    console.log(`${name.padEnd(32)}${values.map((value) => String(value).padStart(8)).join('')}`);
  line(at, thresholds);
  for (const [name, copy] of Object.entries(copies)) {
    const made = await directions(simclr, await copyAll(images, copy), at);
    const found = Array.from({ length: pictures }, (_, row) => similarity(originals, row, made, row));
    line(
      name,
      thresholds.map((threshold) => percent(found.filter((value) => value >= threshold).length / pictures)),
    );
  }
  line('pairs of different pictures', others);
}
simclr.dispose();
