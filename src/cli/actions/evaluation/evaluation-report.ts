import type { LabeledImages, SimCLR } from 'simclr-ts';
import { selectLabeled } from 'simclr-ts/evaluation';
import { decodeImage } from 'simclr-ts/node';
import {
  type AccuracyRow,
  type ReportAccuracies,
  type ReportData,
  type ReportEfficiency,
  readRun,
  runReport,
  trainingVerdict,
  viewRows,
  writeReport,
} from 'simclr-ts/report';
import { spreadRows } from '../../../data/spread-rows.js';
import { smallestClass } from '../../../evaluation/labels/smallest-class.js';
import {
  mapOf,
  type NamedParts,
  neighborRows,
  type PicturesToShow,
} from '../../../report/galleries/run-galleries.js';
import type { Context } from '../../context.js';
import { fitChannels } from '../fit-channels.js';
import { pageFacts } from '../page-facts.js';
import { decodeAtOnce } from '../pictures.js';
import { labelCurve } from './label-curve.js';
import { type LabeledFiles, takeRows } from './labeled-files.js';
import type { Measured, MeasuredParts, Measurement } from './measure.js';
import type { Worth } from './worth.js';

/** Options that the page depends on. */
interface PageOptions {
  dir: string;
  model: string;
  seed: number;
  labelEfficiency?: boolean;
  scratchSteps: number;
}

const thumbnailSize = 48;
const curveTestPictures = 500;
const shownViews = 8;

/** Pictures by their files. They were decoded before, so that one that fails now has disappeared since. */
function fromFiles({ paths, labels }: LabeledFiles): PicturesToShow {
  return {
    count: paths.length,
    labels,
    async picture(row) {
      const { data } = await decodeImage(paths[row]!, { size: thumbnailSize });
      return { pixels: data, width: thumbnailSize, height: thumbnailSize };
    },
  };
}

async function decodeAll(labeled: LabeledFiles, size: readonly [number, number]): Promise<LabeledImages> {
  const { paths, labels } = labeled;
  const { images, indices } = await decodeAtOnce(paths, size);
  return { images, labels: Int32Array.from(indices, (index) => labels[index]!) };
}

/** The curve on a part of the pictures that memory can hold. */
async function efficiency(
  simclr: SimCLR,
  { seed, scratchSteps }: PageOptions,
  train: LabeledFiles,
  test: LabeledFiles,
  context: Context,
): Promise<ReportEfficiency> {
  const perClass = Math.min(200, smallestClass(train.labels)); // two choices of 100 that differ
  const chosen = Array.from(selectLabeled(train.labels, { perClass }, seed));
  const tested = spreadRows(test.labels.length, curveTestPictures);
  const size = simclr.inputSize;
  return labelCurve(
    simclr,
    await decodeAll(takeRows(train, chosen), size),
    await decodeAll(takeRows(test, tested), size),
    { seeds: [seed, seed + 1], scratchSteps },
    context,
  );
}

/** Features with their accuracies, as the page shows them beside the model's own. */
function baselineRows({ worth }: Measurement): AccuracyRow[] {
  const row = (kind: Measured, name: string, remark: string): AccuracyRow[] => {
    const measured = worth[kind];
    return measured ? [{ name, remark, ...shares(measured) }] : [];
  };
  return [
    ...row('whitenedPixels', 'Pixels, whitened', 'averaged to about 16x16'),
    ...row('untrainedReadout', 'Read-out before training', 'early stages on a grid, whitened'),
    ...row('readout', 'Read-out after training', 'the same, of the model'),
  ];
}

const shares = ({ knn, linearProbe }: Worth) => ({ knn: knn.accuracy, linearProbe: linearProbe.accuracy });

function accuraciesOf(measured: Measurement): ReportAccuracies {
  const { worth, vectors, gains } = measured;
  const { h, untrainedH } = worth;
  return {
    testImages: vectors.h.test.labels.length,
    baselines: baselineRows(measured),
    ...(untrainedH && {
      before: { name: 'h before training', remark: 'the same network, untrained', ...shares(untrainedH) },
    }),
    after: { name: 'h of the model', remark: 'trained without labels', ...shares(h) },
    ...(gains && { gain: gains.overBefore.knn, note: trainingVerdict(gains) }),
  };
}

/** Views of some test pictures; none of a model whose augmentation this library does not know. */
async function viewsOf(simclr: SimCLR, { paths }: LabeledFiles): Promise<Pick<ReportData, 'views'>> {
  if (!simclr.augmentation) return {};
  const chosen = spreadRows(paths.length, shownViews).map((row) => paths[row]!);
  const { images } = await decodeAtOnce(chosen, simclr.inputSize);
  return images.shape[0] > 0 ? { views: await viewRows(simclr, fitChannels(simclr, images)) } : {};
}

/** The page of `evaluate`: what the run's folder tells, what was measured, and what there is to see in pictures. */
export async function writeEvaluationReport(
  path: string,
  simclr: SimCLR,
  options: PageOptions,
  measured: Measurement,
  context: Context,
): Promise<string> {
  const data = runReport(await readRun(options.model));
  const { h, untrainedH } = measured.vectors;
  const { train, test } = h;
  const [known, shown] = [fromFiles(train), fromFiles(test)];
  const parts = [
    ...(untrainedH ? [partsOf('Before training', untrainedH)] : []),
    partsOf(untrainedH ? 'After training' : 'The model', h),
  ];
  return writeReport(path, {
    ...data,
    title: `${data.title} on ${options.dir}`,
    facts: { ...data.facts, ...pageFacts(context) },
    seed: options.seed,
    accuracies: accuraciesOf(measured),
    ...(options.labelEfficiency && {
      labelEfficiency: await efficiency(simclr, options, train, test, context),
    }),
    ...(await viewsOf(simclr, test)),
    map: await mapOf(shown, parts),
    neighbors: await neighborRows(known, shown, parts),
  });
}

const partsOf = (name: string, { train, test }: MeasuredParts): NamedParts => ({
  name,
  references: train.embeddings,
  test: test.embeddings,
});
