import type { LabeledImages, SimCLR } from 'simclr-ts';
import { type EmbeddingArray, labelEfficiency, nearestNeighbors, selectLabeled } from 'simclr-ts/evaluation';
import { decodeImage, progress } from 'simclr-ts/node';
import {
  type LabeledPicture,
  type NeighborRow,
  type ReportEfficiency,
  readRun,
  runReport,
  writeReport,
} from 'simclr-ts/report';
import type { Context } from '../../context.js';
import { type Labelled, takeRows } from '../labelled.js';
import { decodeAtOnce } from '../pictures.js';

/** What the page depends on. */
interface PageOptions {
  dir: string;
  model: string;
  seed: number;
  batchSize: number;
  labelEfficiency?: boolean;
  scratchSteps: number;
}

const mapPictures = 400;
const thumbnailSize = 48;
const queries = 8;
const neighbors = 6;
const curveTestPictures = 500;
const curveBatch = 32;

/** At most `count` row numbers, evenly spread. */
function spread(rows: number, count: number): number[] {
  const number = Math.min(rows, count);
  return Array.from({ length: number }, (_, i) => Math.floor((i * rows) / number));
}

/** Rows as small pictures. They were decoded before: what fails now has gone meanwhile, and is told. */
async function thumbnails({ paths, labels }: Labelled, rows: readonly number[]): Promise<LabeledPicture[]> {
  const pictures: LabeledPicture[] = [];
  for (const row of rows) {
    const { data } = await decodeImage(paths[row]!, { size: thumbnailSize });
    pictures.push({ pixels: data, width: thumbnailSize, height: thumbnailSize, label: labels[row]! });
  }
  return pictures;
}

async function neighborRows(train: Labelled, test: Labelled): Promise<NeighborRow[]> {
  // One query of each of the first classes, and more of each where classes are few.
  const firstRows = (label: number, count: number) =>
    Array.from(test.labels.keys())
      .filter((row) => test.labels[row] === label)
      .slice(0, count);
  const classes = [...new Set(test.labels)].sort((a, b) => a - b).slice(0, queries);
  const each = Math.max(1, Math.floor(queries / classes.length));
  const rows = classes.flatMap((label) => firstRows(label, each));
  const count = Math.min(neighbors, train.labels.length);
  const vectors: EmbeddingArray = takeRows(test, rows).embeddings;
  const { indices } = await nearestNeighbors(vectors, train.embeddings, count);
  const asked = await thumbnails(test, rows);
  const result: NeighborRow[] = [];
  for (const [i, query] of asked.entries()) {
    const pictures = await thumbnails(train, Array.from(indices.subarray(i * count, (i + 1) * count)));
    result.push({ query, found: [{ name: 'Nearest', pictures }] });
  }
  return result;
}

async function decodeAll(labelled: Labelled, size: readonly [number, number]): Promise<LabeledImages> {
  const { paths, labels } = labelled;
  const { images, indices } = await decodeAtOnce(paths, size);
  return { images, labels: Int32Array.from(indices, (index) => labels[index]!) };
}

function smallestClass(labels: Int32Array): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.min(...counts.values());
}

/** Linear probes on h against the same network from scratch, on a part of the pictures that memory can hold. */
async function efficiency(
  simclr: SimCLR,
  { seed, scratchSteps }: PageOptions,
  train: Labelled,
  test: Labelled,
  context: Context,
): Promise<ReportEfficiency> {
  const available = smallestClass(train.labels);
  const perClass = [1, 10, 100].filter((count) => count <= available);
  // Twice as many as the longest choice takes, so that choices differ.
  const most = Math.min(available, 2 * perClass.at(-1)!);
  const chosen = Array.from(selectLabeled(train.labels, { perClass: most }, seed));
  const pictures = await decodeAll(takeRows(train, chosen), simclr.inputSize);
  const tests = await decodeAll(
    takeRows(test, spread(test.labels.length, curveTestPictures)),
    simclr.inputSize,
  );
  const classes = new Set(train.labels).size;
  const seeds = [seed, seed + 1];
  const bar = progress(2 * seeds.length * perClass.length, 'Classifiers from few labels', {
    quiet: context.quiet,
  });
  try {
    const { runs, testCount } = await labelEfficiency(simclr, pictures, tests, {
      methods: ['probe', 'scratch'],
      perClass,
      seeds,
      fineTune: (labels) => ({
        batchSize: curveBatch,
        epochs: Math.max(1, Math.round(scratchSteps / Math.ceil((labels * classes) / curveBatch))),
        learningRate: 0.05,
      }),
      onProgress: (_, done) => bar.update(done),
    });
    const note =
      `Each network from scratch has about ${scratchSteps} steps of at most ${curveBatch} pictures (--scratch-steps): ` +
      'with more it would reach more.';
    return { runs, testCount, note };
  } finally {
    bar.stop();
  }
}

/** The page of `evaluate`: what the run's folder tells, and what is to be seen in pictures. */
export async function writeEvaluationReport(
  path: string,
  simclr: SimCLR,
  options: PageOptions,
  train: Labelled,
  test: Labelled,
  context: Context,
): Promise<string> {
  const data = runReport(await readRun(options.model));
  const rows = spread(test.labels.length, mapPictures);
  return writeReport(path, {
    ...data,
    title: `${data.title} on ${options.dir}`,
    seed: options.seed,
    ...(options.labelEfficiency && {
      labelEfficiency: await efficiency(simclr, options, train, test, context),
    }),
    map: {
      pictures: await thumbnails(test, rows),
      embeddings: [{ name: 'The model', embeddings: takeRows(test, rows).embeddings }],
    },
    neighbors: await neighborRows(train, test),
  });
}
