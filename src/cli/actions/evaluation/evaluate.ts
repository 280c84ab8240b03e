import { relative } from 'node:path';
import type { SimCLR } from 'simclr-ts';
import { splitImages } from 'simclr-ts/data';
import {
  type ClassificationResult,
  confusionMatrix,
  embeddingHealth,
  knnClassifier,
  linearProbe,
} from 'simclr-ts/evaluation';
import type { SkippedImage } from 'simclr-ts/node';
import { type RunEvaluation, saveEvaluation } from 'simclr-ts/report';
import { isError } from '../../../errors/is-error.js';
import type { Action, Context } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { type ClassFolders, listClasses, relabel } from '../class-folders.js';
import { type LabeledFiles, takeRows } from '../labeled.js';
import { type ModelOptions, openModel } from '../open-model.js';
import { percent, table } from '../table.js';
import { embedPictures } from '../vectors/embed-pictures.js';
import { writeEvaluationReport } from './evaluation-report.js';

interface EvaluateOptions extends ModelOptions {
  test?: string;
  testFraction: number;
  seed: number;
  neighbors: number;
  batchSize: number;
  report?: string;
  labelEfficiency?: boolean;
  scratchSteps: number;
}

async function embedLabeled(
  simclr: SimCLR,
  { paths, labels }: Omit<ClassFolders, 'classNames'>,
  batchSize: number,
  context: Context,
): Promise<LabeledFiles & { skipped: SkippedImage[] }> {
  const embedded = await embedPictures({ simclr, paths, batchSize, context });
  const { vectors, indices, skipped } = embedded;
  return {
    paths: embedded.paths,
    embeddings: vectors,
    labels: Int32Array.from(indices, (index) => labels[index]!),
    skipped,
  };
}

/** Splits rows with the library's split of pictures: each picture is one pixel that holds the row's number. */
function split(all: LabeledFiles, testFraction: number, seed: number) {
  const rows = all.labels.length;
  const numbers = Float32Array.from({ length: rows }, (_, row) => row);
  const { train, test } = splitImages(
    { images: { data: numbers, shape: [rows, 1, 1, 1] }, labels: all.labels },
    { testFraction, seed },
  );
  const part = ({ images }: typeof train) => takeRows(all, Array.from(images.data));
  return { train: part(train), test: part(test) };
}

function summary({ accuracy, correct, count, interval, top5Accuracy }: ClassificationResult) {
  return { accuracy, interval, correct, count, ...(top5Accuracy !== undefined && { top5Accuracy }) };
}

/** The accuracy of always predicting the most frequent class of the training pictures. */
function majorityShare(train: Int32Array, test: Int32Array, classes: number): number {
  const counts = new Array<number>(classes).fill(0);
  for (const label of train) counts[label]!++;
  const most = counts.indexOf(Math.max(...counts));
  return test.filter((label) => label === most).length / test.length;
}

/** Saves the predictions next to the model, for comparisons with other models. */
async function keepEvaluation(model: string, evaluation: RunEvaluation, context: Context): Promise<void> {
  try {
    await saveEvaluation(model, evaluation);
  } catch (error) {
    if (!isError(error, 'DataError')) throw error;
    context.warn(
      `The evaluation was not saved next to the model, so \`report\` will not show it. ${error.message}`,
    );
  }
}

/** `evaluate DIR`: how well h separates classes. */
export const evaluate: Action<EvaluateOptions> = async ([dir], options, context) => {
  const { testFraction, seed, batchSize } = options;
  if (options.labelEfficiency && options.report === undefined) {
    throw new CommandError('--label-efficiency is part of the page. Add --report FILE.', exitCodes.usage);
  }
  const folder = await listClasses(dir!);
  const { classNames } = folder;
  const testFolder =
    options.test === undefined
      ? undefined
      : relabel(await listClasses(options.test), classNames, options.test);
  const simclr = await openModel(options, context);
  try {
    const all = await embedLabeled(simclr, folder, batchSize, context);
    const { train, test, skipped } = testFolder
      ? await embedLabeled(simclr, testFolder, batchSize, context).then((held) => ({
          train: all,
          test: held,
          skipped: [...all.skipped, ...held.skipped],
        }))
      : { ...split(all, testFraction, seed), skipped: all.skipped };
    const counts = { train: train.labels.length, test: test.labels.length };
    if (counts.test === 0 || new Set(train.labels).size < 2) {
      throw new CommandError(
        `Too few pictures to hold some out: ${all.labels.length} in ${classNames.length} classes. ` +
          'Add pictures, use a larger --test-fraction, or give your own test pictures with --test DIR.',
        exitCodes.files,
      );
    }
    const classes = classNames.length;
    const neighbors = Math.min(options.neighbors, counts.train);
    const knn = await knnClassifier({ ...train, classes }, { neighbors });
    const byNeighbors = await knn.evaluate(test.embeddings, test.labels);
    const probe = await linearProbe({ ...train, classes });
    const byProbe = await probe.evaluate(test.embeddings, test.labels);
    const { effectiveRank } = await embeddingHealth(train.embeddings);
    const root = options.test ?? dir!;
    await keepEvaluation(
      options.model,
      {
        classNames,
        pictures: test.paths.map((path) => relative(root, path)),
        labels: Array.from(test.labels),
        predictions: {
          knn: Array.from(byNeighbors.predictions),
          linearProbe: Array.from(byProbe.predictions),
        },
      },
      context,
    );
    const page =
      options.report === undefined
        ? undefined
        : await writeEvaluationReport(
            options.report,
            simclr,
            { ...options, dir: dir! },
            train,
            test,
            context,
          );
    const majority = majorityShare(train.labels, test.labels, classes);
    const line = (name: string, { accuracy, interval: { low, high } }: ClassificationResult) => [
      name,
      percent(accuracy),
      `${percent(low)} to ${percent(high)}`,
    ];
    return {
      text: [
        `${classes} classes, ${counts.train} reference pictures, ${counts.test} test pictures`,
        '',
        table(
          ['', 'accuracy', '95 % interval'],
          [
            line(`${neighbors} nearest neighbors`, byNeighbors),
            line('linear probe', byProbe),
            ['always the most frequent class', percent(majority), ''],
          ],
        ),
        '',
        `effective rank of h: ${effectiveRank.toFixed(1)} of ${train.embeddings.shape[1]}`,
        ...(page === undefined ? [] : [`report: ${page}`]),
      ].join('\n'),
      json: {
        model: options.model,
        classNames,
        pictures: counts,
        knn: { neighbors, ...summary(byNeighbors) },
        linearProbe: {
          ...summary(byProbe),
          converged: probe.converged,
          confusion: confusionMatrix(test.labels, byProbe.predictions, classes),
        },
        majority,
        effectiveRank,
        skipped,
        ...(page !== undefined && { report: page }),
      },
    };
  } finally {
    simclr.dispose();
  }
};
