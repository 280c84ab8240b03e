import { checkKeys } from '../errors/check-keys.js';
import { checkInteger } from '../errors/checks.js';
import { randomGenerator } from '../random/index.js';
import type { LabeledImages } from './labeled-images.js';

/** Options of {@link samplePictures}. */
export interface SamplePicturesOptions {
  /** Number of classes; an integer >= 2. @defaultValue `12` */
  classes?: number;
  /** Height and width in pixels; an integer >= 8. @defaultValue `32` */
  size?: number;
  /** Seed of everything drawn; an integer >= 0. @defaultValue `1` */
  seed?: number;
}

/** Brightness from -1 to 1 at a place, in radians of the pattern. */
const patterns: readonly (readonly [name: string, at: (x: number, y: number) => number])[] = [
  ['vertical stripes', (x) => Math.sin(x)],
  ['horizontal stripes', (_x, y) => Math.sin(y)],
  ['checks', (x, y) => Math.sin(x) * Math.sin(y)],
  ['rings', (x, y) => Math.sin(Math.hypot(x, y))],
];

/**
 * Synthetic pictures for a first try, tests, and examples: each class is a pattern in two colors, and every picture of
 * it shows the pattern at another position and brightness. A small encoder learns to tell them apart in seconds. The
 * same arguments give the same pictures everywhere.
 *
 * @param count - How many, an integer >= 1; class 0, 1, ..., and around again.
 * @returns uint8 pictures `[count, size, size, 3]`, their classes and the names of these.
 * @throws {@link InvalidOptionError} when `count` or an option is outside its domain.
 * @example
 * const { images, labels } = samplePictures(192);
 * await simclr.fit(images, { epochs: 6, batchSize: 32 });
 */
export function samplePictures(count: number, options: SamplePicturesOptions = {}): LabeledImages {
  const caller = 'samplePictures';
  checkKeys(caller, options, { classes: 1, size: 1, seed: 1 });
  const { classes = 12, size = 32, seed = 1 } = options;
  checkInteger(caller, 'count', count);
  checkInteger(caller, 'classes', classes, 2);
  checkInteger(caller, 'size', size, 8);
  checkInteger(caller, 'seed', seed, 0);
  const random = randomGenerator(seed);
  const color = () => [random.uniform(0, 255), random.uniform(0, 255), random.uniform(0, 255)];
  const things = Array.from({ length: classes }, (_, i) => {
    const [name, at] = patterns[i % patterns.length]!;
    return { name: `${name} ${i}`, at, frequency: random.uniform(0.5, 1.2), ink: color(), paper: color() };
  });
  const data = new Uint8Array(count * size * size * 3);
  const labels = Int32Array.from({ length: count }, (_, picture) => picture % classes);
  let next = 0;
  for (const label of labels) {
    const { at, frequency, ink, paper } = things[label]!;
    const [left, top] = [random.uniform(size / 4, (3 * size) / 4), random.uniform(size / 4, (3 * size) / 4)];
    const light = random.uniform(0.7, 1);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const share = 0.5 + 0.5 * at((x - left) * frequency, (y - top) * frequency);
        for (let channel = 0; channel < 3; channel++) {
          data[next++] = light * (paper[channel]! + share * (ink[channel]! - paper[channel]!));
        }
      }
    }
  }
  return {
    images: { data, shape: [count, size, size, 3] },
    labels,
    classNames: things.map(({ name }) => name),
  };
}
