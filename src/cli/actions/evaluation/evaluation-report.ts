import type { LabeledImages, SimCLR } from 'simclr-ts';
import { selectLabeled } from 'simclr-ts/evaluation';
import { decodeImage } from 'simclr-ts/node';
import { type ReportEfficiency, readRun, runReport, writeReport } from 'simclr-ts/report';
import { spreadRows } from '../../../data/spread-rows.js';
import { smallestClass } from '../../../evaluation/labels/smallest-class.js';
import { mapOf, neighborRows, type PicturesToShow } from '../../../report/galleries/run-galleries.js';
import type { Context } from '../../context.js';
import { type LabeledFiles, takeRows } from '../labeled.js';
import { decodeAtOnce } from '../pictures.js';
import { labelCurve } from './label-curve.js';

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

/** The page of `evaluate`: what the run's folder tells, and what there is to see in pictures. */
export async function writeEvaluationReport(
  path: string,
  simclr: SimCLR,
  options: PageOptions,
  train: LabeledFiles,
  test: LabeledFiles,
  context: Context,
): Promise<string> {
  const data = runReport(await readRun(options.model));
  const shown = fromFiles(test);
  return writeReport(path, {
    ...data,
    title: `${data.title} on ${options.dir}`,
    seed: options.seed,
    ...(options.labelEfficiency && {
      labelEfficiency: await efficiency(simclr, options, train, test, context),
    }),
    map: await mapOf(shown, [{ name: 'The model', test: test.embeddings }]),
    neighbors: await neighborRows(fromFiles(train), shown, [
      { name: 'Nearest', references: train.embeddings, test: test.embeddings },
    ]),
  });
}
