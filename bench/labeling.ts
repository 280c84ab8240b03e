/**
 * How few names are enough: accuracy and calibration of `fitLabels` on CIFAR-10 at the read-out of a network that nobody
 * trained, with names as `proposeToLabel` asks for them, and with as many and ten times as many random ones.
 *
 *     npx tsx bench/labeling.ts [--pools 2] [--emoji] [--json FILE]
 *
 * With --emoji, the pictures are emoji and the names their categories; the pool is four fifths of them. Otherwise each pool is 10,000 training pictures, to which network and read-out are fitted without labels, as `simclr-ts index` does.
 * Names are the true ones, and the test pictures are named. See docs/labeling.md.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { Command } from 'commander';
import { type EmbeddingArray, type ImageArray, resnet18 } from 'simclr-ts';
import {
  fitLabels,
  proposeToLabel,
  selectDiverse,
  selectLabeled,
  weighComponents,
} from 'simclr-ts/evaluation';
import { fitReadout, initializeFromImages } from 'simclr-ts/features';
import { loadCIFAR10, useBestBackend } from 'simclr-ts/node';
import { integer, numberFrom } from '../src/cli/options.js';
import { imageRange } from '../src/data/image-rows.js';
import { toHost } from '../src/evaluation/embed-on-host.js';
import { embeddingRows } from '../src/report/galleries/run-galleries.js';
import { loadEmoji } from './emoji.js';
import { mean } from './statistics.js';

const options = new Command('labeling')
  .description('Accuracy and calibration of names from a few named pictures, on CIFAR-10 or emoji.')
  .option('--emoji', 'emoji and their categories instead of CIFAR-10')
  .option('--data <folder>', 'CIFAR-10, as loadCIFAR10 keeps it (default: the cache, or a download)')
  .option('--pools <count>', 'pools of training pictures', integer(1, 5), 2)
  .option('--size <count>', 'pictures in a pool', integer(100, 10_000), 10_000)
  .option('--tests <count>', 'test pictures', integer(100, 10_000), 10_000)
  .option('--exponent <value>', 'of weighComponents', numberFrom(0), 0.5)
  .option('--draws <count>', 'random choices of names per pool', integer(1), 3)
  .option('--round <count>', 'names that are proposed at once', integer(1), 25)
  .option('--json <file>', 'write the results there')
  .parse()
  .opts<{
    emoji?: boolean;
    data?: string;
    pools: number;
    size: number;
    tests: number;
    exponent: number;
    draws: number;
    round: number;
    json?: string;
  }>();

const perClass = 5;
const bins = 15;

interface Labeled {
  embeddings: EmbeddingArray;
  labels: ArrayLike<number>;
}

/** Pictures to name, and others to measure on. */
interface Pictures {
  classes: number;
  pools: { images: ImageArray; labels: ArrayLike<number> }[];
  test: { images: ImageArray; labels: ArrayLike<number> };
}

async function loadPictures(): Promise<Pictures> {
  const { size, tests, pools } = options;
  const part = (images: ImageArray, labels: ArrayLike<number>, first: number, count: number) => ({
    images: imageRange(images, first, count),
    labels: Array.from({ length: count }, (_, row) => labels[first + row]!),
  });
  if (options.emoji) {
    const { images, labels, classNames } = await loadEmoji(32);
    const count = Math.floor(0.8 * labels.length);
    const test = part(images, labels, count, labels.length - count);
    return { classes: classNames.length, pools: [part(images, labels, 0, count)], test };
  }
  const { train, test } = await loadCIFAR10({
    log: console.error,
    ...(options.data !== undefined && { cache: options.data }),
  });
  const pool = (_: unknown, number: number) => part(train.images, train.labels, number * size, size);
  return {
    classes: 10,
    pools: Array.from({ length: pools }, pool),
    test: part(test.images, test.labels, 0, tests),
  };
}

const { classes, pools, test: testPictures } = await loadPictures();

/** What names are worth. */
interface Figures {
  accuracy: number;
  /** Expected calibration error over 15 bins of equal width (Guo et al. 2017). */
  calibrationError: number;
  confidence: number;
  /** Share of the test pictures that are called none of the classes, with the default of `fitLabels`. */
  none: number;
  leaveOneOutAccuracy: number;
}

function calibrationError(confidences: Float32Array, right: readonly boolean[]): number {
  let error = 0;
  for (let bin = 0; bin < bins; bin++) {
    const rows = right
      .map((_, row) => row)
      .filter((row) => Math.min(bins - 1, Math.floor(confidences[row]! * bins)) === bin);
    const gap = rows.reduce((sum, row) => sum + confidences[row]! - (right[row] ? 1 : 0), 0);
    error += Math.abs(gap) / right.length;
  }
  return error;
}

async function measure(pool: Labeled, rows: readonly number[], test: Labeled): Promise<Figures> {
  const labels = rows.map((row) => pool.labels[row]!);
  const named = { embeddings: embeddingRows(pool.embeddings, rows), labels, classes };
  const model = await fitLabels(named);
  const { labels: names, confidences, probabilities } = await model.predict(test.embeddings);
  // Of every picture, those that are called none included: the most probable class.
  const right = Array.from(confidences, (confidence, row) => {
    return probabilities.data[row * classes + test.labels[row]!] === confidence;
  });
  return {
    accuracy: right.filter(Boolean).length / right.length,
    calibrationError: calibrationError(confidences, right),
    confidence: mean(Array.from(confidences)),
    none: names.filter((label) => label < 0).length / right.length,
    leaveOneOutAccuracy: model.leaveOneOutAccuracy,
  };
}

/** Names pictures as they are proposed, round by round. */
async function proposed(pool: Labeled, count: number): Promise<number[]> {
  const rows: number[] = [];
  while (rows.length < count) {
    const named = { rows, labels: rows.map((row) => pool.labels[row]!) };
    const next = await proposeToLabel(pool.embeddings, named, {
      count: Math.min(options.round, count - rows.length),
    });
    rows.push(...next);
  }
  return rows;
}

const choice = await useBestBackend();
const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}, ${choice.name}`;
console.log(machine);
const results = new Map<string, Figures[]>();
const tell = (name: string, figures: Figures) => {
  results.set(name, [...(results.get(name) ?? []), figures]);
  const { accuracy, calibrationError: error, none } = figures;
  console.log(
    `  ${name.padEnd(44)}${[accuracy, error, none].map((value) => (100 * value).toFixed(1).padStart(8)).join('')}`,
  );
};

/** The vectors of a pool and of the test pictures, by a network that is fitted to the pool. */
async function embed(images: ImageArray, test: ImageArray): Promise<[EmbeddingArray, EmbeddingArray]> {
  const encoder = resnet18({ inputShape: [32, 32, 3], seed: 1 });
  const some = imageRange(images, 0, Math.min(5000, images.shape[0]));
  await initializeFromImages(encoder, some, { seed: 1, scale: false });
  const readout = await fitReadout(encoder, some);
  const { exponent } = options;
  const vectorsOf = async (pictures: ImageArray) =>
    weighComponents(await toHost(await readout.embed(pictures)), { exponent });
  const vectors: [EmbeddingArray, EmbeddingArray] = [await vectorsOf(images), await vectorsOf(test)];
  readout.dispose();
  encoder.dispose();
  return vectors;
}

for (const [number, { images, labels }] of pools.entries()) {
  console.log(`pool ${number + 1}: accuracy, calibration error, none of the classes, in percent`);
  const [vectors, testVectors] = await embed(images, testPictures.images);
  const pool: Labeled = { embeddings: vectors, labels };
  const test: Labeled = { embeddings: testVectors, labels: testPictures.labels };
  const count = classes * perClass;
  const rows = await proposed(pool, 4 * count);
  for (const names of [count, 2 * count, 4 * count]) {
    tell(`${names} names, as proposed`, await measure(pool, rows.slice(0, names), test));
  }
  for (const method of ['facility-location', 'farthest-point'] as const) {
    const { rows } = await selectDiverse(vectors, { count, method });
    tell(`${count} names, ${method} at once`, await measure(pool, [...rows], test));
  }
  for (const each of [perClass, 10 * perClass]) {
    for (let seed = 0; seed < options.draws; seed++) {
      const rows = [...selectLabeled(labels, { perClass: each }, seed)];
      tell(`${each} random names per class`, await measure(pool, rows, test));
    }
  }
}

console.log('means:');
const means = Object.fromEntries(
  [...results].map(([name, figures]) => {
    const average = (field: keyof Figures) => mean(figures.map((each) => each[field]));
    const row = {
      accuracy: average('accuracy'),
      calibrationError: average('calibrationError'),
      confidence: average('confidence'),
      none: average('none'),
      leaveOneOutAccuracy: average('leaveOneOutAccuracy'),
    };
    console.log(
      `  ${name.padEnd(44)}${Object.values(row)
        .map((value) => (100 * value).toFixed(1).padStart(8))
        .join('')}`,
    );
    return [name, row];
  }),
);
if (options.json !== undefined) {
  await writeFile(options.json, `${JSON.stringify({ machine, options, means }, null, 2)}\n`);
}
process.exit(0);
