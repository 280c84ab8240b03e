import { relative } from 'node:path';
import { confusionMatrix, embeddingHealth } from 'simclr-ts/evaluation';
import { type RunEvaluation, saveEvaluation, trainingVerdict } from 'simclr-ts/report';
import { spreadRows } from '../../../data/spread-rows.js';
import { isError } from '../../../errors/is-error.js';
import type { Action, Context } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { type ModelOptions, openModel } from '../open-model.js';
import { decodeAtOnce } from '../pictures.js';
import { percent } from '../table.js';
import { type PlaceOptions, placeOf } from '../vectors/model-vectors.js';
import { mostFitted, openBaselines } from './baselines.js';
import { writeEvaluationReport } from './evaluation-report.js';
import { folderParts, type PartOptions } from './folder-parts.js';
import { checkParts, type Measured, type Measurement, measure } from './measure.js';
import { summary, type Worth } from './worth.js';
import { gainRows, gainTable, type Measures, worthTable } from './worth-table.js';

interface EvaluateOptions extends ModelOptions, PlaceOptions, PartOptions {
  neighbors: number;
  batchSize: number;
  /** Whether to compare the model with pixels and with the untrained network. */
  baselines: boolean;
  report?: string;
  labelEfficiency?: boolean;
  scratchSteps: number;
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

const names: readonly [Measured, string][] = [
  ['whitenedPixels', 'pixels, whitened'],
  ['untrainedH', 'h before training'],
  ['h', 'h'],
  ['untrainedReadout', 'read-out before training'],
  ['readout', 'read-out'],
];

/** What was measured, for people. */
function describe({ worth, gains, neighbors }: Measurement, majority: number): string[] {
  const rows = names.flatMap(([name, text]): [string, Measures][] => {
    const measured = worth[name];
    return measured ? [[text, measured]] : [];
  });
  const column = `${neighbors} nearest neighbors`;
  return [
    ...(gains ? [trainingVerdict(gains), ''] : []),
    'Accuracy, with 95 % intervals:',
    worthTable(rows, column),
    `always the most frequent class: ${percent(majority)}`,
    ...(gains
      ? ['', 'Points gained by training, on the same pictures:', gainTable(gainRows(gains), column)]
      : []),
  ];
}

/** `evaluate DIR`: how well h and the read-out separate classes, and whether training helped. */
export const evaluate: Action<EvaluateOptions> = async ([dir], options, context) => {
  const { batchSize } = options;
  if (options.labelEfficiency && options.report === undefined) {
    throw new CommandError('--label-efficiency is part of the page. Add --report FILE.', exitCodes.usage);
  }
  const parts = await folderParts(dir!, options);
  checkParts(parts);
  const { classNames } = parts;
  const simclr = await openModel(options, context);
  try {
    // h is always measured, so that figures can be compared with those of other models.
    const place = placeOf(simclr, options, 'readout', context);
    const fitted = spreadRows(parts.train.paths.length, mostFitted).map((row) => parts.train.paths[row]!);
    const baselines = options.baselines
      ? await openBaselines(
          simclr,
          { model: options.model, place },
          (await decodeAtOnce(fitted, simclr.inputSize)).images,
          context,
        )
      : undefined;
    let measured: Measurement;
    try {
      const measuring = { place, batchSize, neighbors: options.neighbors };
      measured = await measure(simclr, parts, baselines, measuring, context);
    } finally {
      baselines?.dispose();
    }
    const { worth, vectors, gains, neighbors, skipped } = measured;
    const { train, test } = vectors.h;
    const counts = { train: train.labels.length, test: test.labels.length };
    const { effectiveRank } = await embeddingHealth(train.embeddings);
    const root = options.test ?? dir!;
    await keepEvaluation(
      options.model,
      {
        classNames,
        pictures: test.paths.map((path) => relative(root, path)),
        labels: Array.from(test.labels),
        predictions: {
          knn: Array.from(worth.h.knn.predictions),
          linearProbe: Array.from(worth.h.linearProbe.predictions),
        },
      },
      context,
    );
    const page =
      options.report === undefined
        ? undefined
        : await writeEvaluationReport(options.report, simclr, { ...options, dir: dir! }, measured, context);
    const classes = classNames.length;
    const majority = majorityShare(train.labels, test.labels, classes);
    const asJSON = ({ knn, linearProbe, converged }: Worth) => ({
      knn: { neighbors, ...summary(knn) },
      linearProbe: { ...summary(linearProbe), converged },
    });
    const ifThere = (name: Measured) => (worth[name] ? asJSON(worth[name]) : null);
    const { knn, linearProbe } = asJSON(worth.h);
    return {
      text: [
        `${classes} classes, ${counts.train} reference pictures, ${counts.test} test pictures`,
        '',
        ...describe(measured, majority),
        '',
        `effective rank of h: ${effectiveRank.toFixed(1)} of ${train.embeddings.shape[1]}`,
        ...(page === undefined ? [] : [`report: ${page}`]),
      ].join('\n'),
      json: {
        model: options.model,
        classNames,
        pictures: counts,
        knn,
        linearProbe: {
          ...linearProbe,
          confusion: confusionMatrix(test.labels, worth.h.linearProbe.predictions, classes),
        },
        readout: worth.readout
          ? { dim: vectors.readout!.train.embeddings.shape[1], ...asJSON(worth.readout) }
          : null,
        baselines: {
          whitenedPixels: ifThere('whitenedPixels'),
          untrained: worth.untrainedH
            ? { ...asJSON(worth.untrainedH), readout: ifThere('untrainedReadout') }
            : null,
        },
        gains: gains ?? null,
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
