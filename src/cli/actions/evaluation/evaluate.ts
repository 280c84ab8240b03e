import { relative } from 'node:path';
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
import {
  columnsOf,
  joinedVectors,
  type ModelVectors,
  type PlaceOptions,
  placeOf,
  vectorsAt,
} from '../vectors/model-vectors.js';
import { writeEvaluationReport } from './evaluation-report.js';

interface EvaluateOptions extends ModelOptions, PlaceOptions {
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
  model: ModelVectors,
  { paths, labels }: Omit<ClassFolders, 'classNames'>,
  batchSize: number,
  context: Context,
): Promise<LabeledFiles & { skipped: SkippedImage[] }> {
  const embedded = await embedPictures({ vectors: model, paths, batchSize, context });
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

/** What classifiers made of some vectors. */
interface Worth {
  knn: ClassificationResult;
  linearProbe: ClassificationResult;
  /** Whether the fit of the linear probe converged. */
  converged: boolean;
}

async function worthOf(
  train: LabeledFiles,
  test: LabeledFiles,
  { classes, neighbors }: { classes: number; neighbors: number },
): Promise<Worth> {
  const knn = await knnClassifier({ ...train, classes }, { neighbors });
  const probe = await linearProbe({ ...train, classes });
  return {
    knn: await knn.evaluate(test.embeddings, test.labels),
    linearProbe: await probe.evaluate(test.embeddings, test.labels),
    converged: probe.converged,
  };
}

/** `evaluate DIR`: how well h separates classes, and the read-out beside it. */
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
    // h is always measured, so that figures can be compared with those of other models.
    const place = placeOf(simclr, options, 'readout', context);
    const model = joinedVectors(
      (place === 'h' ? (['h'] as const) : (['h', place] as const)).map((at) => vectorsAt(simclr, at)),
    );
    const all = await embedLabeled(model, folder, batchSize, context);
    const parts = testFolder
      ? await embedLabeled(model, testFolder, batchSize, context).then((held) => ({
          train: all,
          test: held,
          skipped: [...all.skipped, ...held.skipped],
        }))
      : { ...split(all, testFraction, seed), skipped: all.skipped };
    const { skipped } = parts;
    const hDim = vectorsAt(simclr, 'h').dim;
    const columns = (part: LabeledFiles, first: number, end: number): LabeledFiles => ({
      ...part,
      embeddings: columnsOf(part.embeddings, first, end),
    });
    const [train, test] = [columns(parts.train, 0, hDim), columns(parts.test, 0, hDim)];
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
    const h = await worthOf(train, test, { classes, neighbors });
    const { knn: byNeighbors, linearProbe: byProbe } = h;
    const read = (part: LabeledFiles) => columns(part, hDim, model.dim);
    const readout =
      place === 'h' ? undefined : await worthOf(read(parts.train), read(parts.test), { classes, neighbors });
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
            line(`${neighbors} nearest neighbors on h`, byNeighbors),
            line('linear probe on h', byProbe),
            ...(readout
              ? [
                  line(`${neighbors} nearest neighbors at the read-out`, readout.knn),
                  line('linear probe at the read-out', readout.linearProbe),
                ]
              : []),
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
          converged: h.converged,
          confusion: confusionMatrix(test.labels, byProbe.predictions, classes),
        },
        readout: readout
          ? {
              dim: model.dim - hDim,
              knn: { neighbors, ...summary(readout.knn) },
              linearProbe: { ...summary(readout.linearProbe), converged: readout.converged },
            }
          : null,
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
