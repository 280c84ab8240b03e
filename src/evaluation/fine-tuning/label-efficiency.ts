import { isImageArray } from '../../data/image-dataset.js';
import { datasetSize, type ImageDataset, type LabeledImages, selectImages } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, describeValue } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { checkEncoder } from '../../models/index.js';
import type { ClassificationResult } from '../labels/classification.js';
import {
  checkGivenLabels,
  collectPictures,
  type LabeledPictures,
  labelsOfRows,
  type PictureLabels,
  readLabels,
} from '../labels/labeled-pictures.js';
import { checkLabels } from '../labels/labels.js';
import { selectLabeled } from '../labels/select-labeled.js';
import { smallestClass } from '../labels/smallest-class.js';
import { linearProbe } from '../linear-probe/linear-probe.js';
import type { FineTuneSource } from './classifier-network.js';
import { fineTune } from './fine-tune.js';
import type { FineTuneOptions } from './fine-tune-options.js';
import { networkOutputs } from './network-outputs.js';

/**
 * How the labels are used: for a linear probe on frozen representations, to fine-tune the pretrained network, or to
 * train the same network from scratch.
 */
export type LabelEfficiencyMethod = 'probe' | 'pretrained' | 'scratch';

/** One trained classifier of {@link labelEfficiency}. */
export interface LabelEfficiencyRun {
  /** How it was trained. */
  method: LabelEfficiencyMethod;
  /** Labels per class. */
  perClass: number;
  /** Seed of the choice of pictures and of training. */
  seed: number;
  /** Accuracy on the test pictures. */
  accuracy: number;
}

/** A line of the plot: one value per number of labels. */
export interface LabelEfficiencySeries {
  /** Mean accuracy over the seeds. */
  mean: number[];
  /** Lowest accuracy of the seeds. */
  low: number[];
  /** Highest accuracy of the seeds. */
  high: number[];
}

/** Result of {@link labelEfficiency}: plain data, ready for JSON and for a plot. */
export interface LabelEfficiency<Method extends LabelEfficiencyMethod = 'pretrained' | 'scratch'> {
  /**
   * The horizontal axis in ascending order: labels per class. Only those that are complete for all seeds and methods.
   */
  perClass: number[];
  /** The lines, values in the order of `perClass`. */
  series: Record<Method, LabelEfficiencySeries>;
  /** Every classifier in the order of training. */
  runs: LabelEfficiencyRun[];
  /** Number of test pictures behind each accuracy. */
  testCount: number;
  /** Whether every classifier was trained. */
  outcome: 'completed' | 'aborted';
}

/** Options of {@link labelEfficiency}. */
export interface LabelEfficiencyOptions<Method extends LabelEfficiencyMethod = 'pretrained' | 'scratch'> {
  /**
   * The lines of the plot. `'probe'` takes seconds where fine-tuning takes minutes.
   * @defaultValue `['pretrained', 'scratch']`
   */
  methods?: readonly Method[];
  /**
   * Labels per class: the points of the curve.
   * @defaultValue those of [1, 10, 100] that every class has
   */
  perClass?: readonly number[];
  /**
   * Each seed makes its own choice of pictures and its own training. Under one seed, larger choices contain smaller
   * ones.
   * @defaultValue `[0]`
   */
  seeds?: readonly number[];
  /**
   * How to train networks, both from SimCLR's weights and from scratch. Pass a function if it depends on the labels per
   * class. `labelEfficiency` sets `weights`, `seed` and `updateSource` itself.
   */
  fineTune?: LabelEfficiencyTraining | ((perClass: number) => LabelEfficiencyTraining);
  /** Called after each classifier, with the numbers of those done and of all. */
  onProgress?: (run: LabelEfficiencyRun, done: number, total: number) => void;
  /** Ends after the current training step once aborted; the result then has what was done and outcome `'aborted'`. */
  signal?: AbortSignal;
}

/** Options of `fineTune` that `labelEfficiency` does not set itself. */
export type LabelEfficiencyTraining = Omit<
  FineTuneOptions,
  'weights' | 'seed' | 'updateSource' | 'signal' | 'optimizer' | 'onProgress'
>;

const caller = 'labelEfficiency';
const allMethods: readonly LabelEfficiencyMethod[] = ['probe', 'pretrained', 'scratch'];

function checkList(argument: string, list: readonly number[], minimum: number): number[] {
  if (!Array.isArray(list) || list.length === 0) {
    throw new InvalidOptionError(
      `${caller}: ${argument} must be a list of at least one number. Received: ${argument}=${describeValue(list)}.`,
    );
  }
  for (const value of list as readonly number[]) checkInteger(caller, argument, value, minimum);
  return [...new Set(list as readonly number[])];
}

function checkMethods(methods: readonly LabelEfficiencyMethod[]): LabelEfficiencyMethod[] {
  const isList = Array.isArray(methods) && methods.length > 0;
  if (!isList || methods.some((method) => !allMethods.includes(method))) {
    throw new InvalidOptionError(
      `${caller}: methods must be a list of some of ${allMethods.join(', ')}. Received: methods=${describeValue(methods)}.`,
    );
  }
  return [...new Set(methods)];
}

/** Mean, lowest and highest accuracy at the points that are complete. */
function summarize<Method extends LabelEfficiencyMethod>(
  runs: readonly LabelEfficiencyRun[],
  methods: readonly Method[],
  perClass: readonly number[],
  seeds: number,
) {
  const of = (method: Method, labels: number) =>
    runs.filter((run) => run.method === method && run.perClass === labels).map(({ accuracy }) => accuracy);
  const done = perClass.filter((labels) => methods.every((method) => of(method, labels).length === seeds));
  const seriesOf = (method: Method): LabelEfficiencySeries => {
    const accuracies = done.map((labels) => of(method, labels));
    return {
      mean: accuracies.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
      low: accuracies.map((values) => Math.min(...values)),
      high: accuracies.map((values) => Math.max(...values)),
    };
  };
  const series = Object.fromEntries(methods.map((method) => [method, seriesOf(method)]));
  return { perClass: done, series: series as Record<Method, LabelEfficiencySeries> };
}

/** Gives chosen pictures by their rows in the list of labels. */
async function choosable(
  training: LabeledPictures,
  { numbers, labels }: PictureLabels,
  choices: readonly Uint32Array[],
): Promise<(rows: Uint32Array) => LabeledImages> {
  const { images } = training;
  if (isImageArray(images)) return (rows) => selectImages({ images, labels }, rows);
  // Keep in memory only what some choice takes.
  const rows = Uint32Array.from(new Set(choices.flatMap((chosen) => Array.from(chosen)))).sort();
  const places = new Map(Array.from(rows, (row, place) => [row, place]));
  const all = {
    images: await collectPictures(
      caller,
      images,
      rows.map((row) => numbers[row]!),
    ),
    labels: Int32Array.from(rows, (row) => labels[row]!),
  };
  return (chosen) =>
    selectImages(
      all,
      chosen.map((row) => places.get(row)!),
    );
}

/** Fits linear probes on h. The test pictures are embedded once. */
function prober(source: FineTuneSource, test: LabeledPictures, classes: number) {
  checkEncoder(source?.encoder, caller);
  const represent = (images: ImageDataset) =>
    networkOutputs(caller, source.encoder, source.normalization ?? null, images);
  let tested: ReturnType<typeof represent> | undefined;
  return async ({ images, labels }: LabeledImages): Promise<ClassificationResult> => {
    tested ??= represent(test.images);
    const probe = await linearProbe({ embeddings: await represent(images), labels, classes });
    const outputs = await tested;
    return probe.evaluate(outputs, labelsOfRows(caller, 'test.labels', outputs, test.labels, classes));
  };
}

/**
 * Compares learning from few labels with and without pretraining: accuracy on test pictures over the number of labels
 * per class, for the pretrained network (fine-tuned, or under a linear probe) and for the same network trained from
 * scratch on the same pictures.
 *
 * @param source - A `SimCLR`, or its encoder, projection head and normalization. It does not change.
 * @param training - Labeled pictures to choose from. A data set that is not in memory is read once or twice, for its
 * labels and for the chosen pictures.
 * @param test - Other labeled pictures, of the encoder's input size.
 * @param options - See {@link LabelEfficiencyOptions}.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @throws {@link ValueRangeError} when a class has fewer pictures than a point of the curve needs; and what `fineTune`
 * throws.
 * @example
 * const curve = await labelEfficiency(simclr, train, test, { perClass: [1, 10, 100], fineTune: { epochs: 60 } });
 * console.table(curve.runs);
 * @see Chen et al. 2020, arXiv:2002.05709, section 6 and table 7.
 */
export async function labelEfficiency<Method extends LabelEfficiencyMethod = 'pretrained' | 'scratch'>(
  source: FineTuneSource,
  training: LabeledPictures,
  test: LabeledPictures,
  options: LabelEfficiencyOptions<Method> = {},
): Promise<LabelEfficiency<Method>> {
  checkKeys('labelEfficiency', options, {
    methods: 1,
    perClass: 1,
    seeds: 1,
    fineTune: 1,
    onProgress: 1,
    signal: 1,
  });
  const known = await readLabels(caller, 'training.', training ?? {});
  const { labels: trainingLabels } = known;
  const classes = Math.max(2, checkLabels(caller, 'training.labels', trainingLabels));
  checkGivenLabels(caller, 'test.', test ?? {}, classes);
  const available = smallestClass(trainingLabels);
  const asked = options.perClass ?? [1, 10, 100].filter((count) => count <= available);
  const perClass = checkList('perClass', asked, 1).sort((a, b) => a - b);
  const seeds = checkList('seeds', options.seeds ?? [0], 0);
  // A choice that is too large must fail now, not after hours of training. It contains the smaller ones.
  const choose = (count: number, seed: number) => selectLabeled(trainingLabels, { perClass: count }, seed);
  const largest = seeds.map((seed) => choose(perClass.at(-1)!, seed));
  const methods = checkMethods(options.methods ?? ['pretrained', 'scratch']) as Method[];
  const probe = prober(source, test, classes);
  const pictures = await choosable(training, known, largest);
  const { signal } = options;
  const total = perClass.length * seeds.length * methods.length;
  const trainingOf = (labels: number) =>
    typeof options.fineTune === 'function' ? options.fineTune(labels) : options.fineTune;
  /** Trains and evaluates a network; `undefined` after an abort. */
  const tuned = async (
    few: LabeledImages,
    how: FineTuneOptions,
  ): Promise<ClassificationResult | undefined> => {
    const { classifier, outcome } = await fineTune(
      source,
      { ...few, classes },
      { ...how, ...(signal ? { signal } : {}) },
    );
    try {
      if (outcome === 'aborted') return undefined;
      return await classifier.evaluate(test.images, test.labels);
    } finally {
      classifier.dispose();
    }
  };
  const runs: LabelEfficiencyRun[] = [];
  let testCount = test.labels?.length ?? datasetSize(test.images) ?? 0;
  for (const labels of perClass) {
    for (const seed of seeds) {
      const few = pictures(choose(labels, seed));
      for (const method of methods) {
        if (signal?.aborted) break;
        const result =
          method === 'probe'
            ? await probe(few)
            : await tuned(few, { ...trainingOf(labels), seed, weights: method });
        if (result === undefined) break;
        testCount = result.count;
        const run: LabelEfficiencyRun = { method, perClass: labels, seed, accuracy: result.accuracy };
        runs.push(run);
        options.onProgress?.(run, runs.length, total);
      }
    }
  }
  return {
    ...summarize(runs, methods, perClass, seeds.length),
    runs,
    testCount,
    outcome: runs.length < total ? 'aborted' : 'completed',
  };
}
