import {
  type EmbeddingArray,
  type History,
  type ImageArray,
  type LabeledImages,
  type SimCLR,
  selectImages,
} from 'simclr-ts';
import { embeddingHealth } from 'simclr-ts/evaluation';
import { progress } from 'simclr-ts/node';
import {
  checkReportPackages,
  evaluateRun,
  evaluationReport,
  type ReportData,
  type ReportEfficiency,
  type RunEvaluationResult,
  readRun,
  runReport,
  saveEvaluation,
  viewRows,
  writeReport,
} from 'simclr-ts/report';
import { spreadRows } from '../../../data/spread-rows.js';
import { embedOnHost } from '../../../evaluation/embed-on-host.js';
import { trainingOf } from '../../../report/evaluation-report.js';
import { mapOf, neighborRows, thumbnails } from '../../../report/galleries/run-galleries.js';
import type { Context } from '../../context.js';
import { labelCurve } from '../evaluation/label-curve.js';
import { pageFacts } from '../page-facts.js';
import { prepareFile } from '../write-file.js';
import type { MeasuringPictures, TrainingPictures } from './pictures/training-pictures.js';
import type { TrainingSettings } from './saved-settings.js';

/** What `train` measures beside the loss. */
export interface MeasuringOptions {
  out: string;
  /** The page to write, and with it whether labeled pictures are measured. */
  report?: string;
  labelEfficiency?: boolean;
  scratchSteps: number;
  minutes?: number;
}

/** What training came to. */
export interface MeasuredTraining {
  history: History;
  /** How many directions the representations of some pictures use; after it `null` if training was aborted. */
  effectiveRank: { before: number; after: number | null };
  /** Accuracies, if there are labeled pictures. */
  evaluation?: RunEvaluationResult;
  /** The page that was written. */
  report?: string;
}

const batchSize = 250;

/** @throws when the page could not be written at the end. */
export async function prepareReport({ report }: MeasuringOptions): Promise<void> {
  if (report === undefined) return;
  await prepareFile(report);
  await checkReportPackages();
}

/** Trains, measures before and after, and writes the page. An aborted run gets none: whoever aborts wants to leave. */
export async function measuredTraining(
  simclr: SimCLR,
  pictures: TrainingPictures,
  settings: TrainingSettings,
  options: MeasuringOptions & { title: string },
  train: (labeled: MeasuringPictures | undefined) => Promise<History>,
  context: Context,
): Promise<MeasuredTraining> {
  const sample = await pictures.sample();
  const embedSample = () => embedOnHost(simclr, sample, { batchSize });
  const before = await embedSample();
  const labeled = options.report === undefined ? undefined : await pictures.labeled?.();
  const evaluation = labeled && (await evaluate(simclr, labeled, () => train(labeled), context));
  const history = evaluation?.history ?? (await train(undefined));
  const isAborted = history.outcome === 'aborted';
  const after = isAborted ? undefined : await embedSample();
  const rankOf = async (embeddings: EmbeddingArray) => (await embeddingHealth(embeddings)).effectiveRank;
  const measured = {
    history,
    effectiveRank: { before: await rankOf(before), after: after ? await rankOf(after) : null },
    ...(evaluation && { evaluation }),
  };
  const { report } = options;
  if (report === undefined || !after) return measured;

  context.note('Writing the report ...');
  const data = evaluation
    ? await labeledReport(simclr, labeled!, evaluation, settings, options, context)
    : await unlabeledReport(simclr, sample, { before, after }, history);
  const { facts = {}, quality, health, settings: saved } = runReport(await readRun(options.out));
  const page: ReportData = {
    ...data,
    title: options.title,
    facts: { ...facts, ...pageFacts(context) },
    seed: settings.seed,
    ...(quality && { quality }),
    ...(health && { health }),
    ...(saved && { settings: saved }),
  };
  return { ...measured, report: await writeReport(report, page) };
}

async function evaluate(
  simclr: SimCLR,
  labeled: MeasuringPictures,
  train: () => Promise<History>,
  context: Context,
): Promise<RunEvaluationResult> {
  const { references, test } = labeled;
  context.note(`Evaluating pixels and the untrained encoder on ${test.labels.length} test pictures ...`);
  let bar: ReturnType<typeof progress> | undefined;
  let shown: string | undefined;
  try {
    return await evaluateRun(simclr, { references, test }, train, {
      batchSize,
      flips: true,
      onProgress(part, done, total) {
        if (part !== shown) {
          bar?.stop(); // of a read-out that pictures do not allow
          bar = progress(total, `Embedding ${part}`, { quiet: context.quiet });
          shown = part;
        }
        bar?.update(done);
        if (done < total) return;
        bar?.stop();
        bar = undefined;
      },
    });
  } finally {
    bar?.stop();
  }
}

const curveTestImages = 2000;
const curveSeconds = 45;

/** A run that ends by the clock ends its curve by the clock too. Any other curve depends on nothing but the seed. */
function curve(
  simclr: SimCLR,
  { references, test }: MeasuringPictures,
  { seed }: TrainingSettings,
  { scratchSteps, minutes }: MeasuringOptions,
  context: Context,
): Promise<ReportEfficiency> {
  const tested = spreadRows(Math.min(test.labels.length, curveTestImages), curveTestImages);
  const signal = minutes === undefined ? undefined : AbortSignal.timeout(1000 * curveSeconds);
  return labelCurve(
    simclr,
    references as LabeledImages,
    selectImages(test, tested),
    { seeds: [seed], scratchSteps, ...(signal && { signal }) },
    context,
  );
}

async function labeledReport(
  simclr: SimCLR,
  labeled: MeasuringPictures,
  evaluation: RunEvaluationResult,
  settings: TrainingSettings,
  options: MeasuringOptions,
  context: Context,
): Promise<ReportData> {
  const { references, test, names } = labeled;
  const { knn, linearProbe } = evaluation.after!;
  const classes = 1 + Math.max(...Array.from(references.labels));
  await saveEvaluation(options.out, {
    classNames: references.classNames ?? Array.from({ length: classes }, (_, label) => String(label)),
    pictures: names,
    labels: Array.from(test.labels),
    predictions: { knn: Array.from(knn.predictions), linearProbe: Array.from(linearProbe.predictions) },
  });
  return {
    ...(await evaluationReport(simclr, { references, test }, evaluation, options.out)),
    ...(options.labelEfficiency && {
      labelEfficiency: await curve(simclr, labeled, settings, options, context),
    }),
  };
}

/** Without labels there is still something to see: views, loss, map and neighbors of some training pictures. */
async function unlabeledReport(
  simclr: SimCLR,
  sample: ImageArray,
  { before, after }: Record<'before' | 'after', EmbeddingArray>,
  history: History,
): Promise<ReportData> {
  const shown = thumbnails(sample);
  const parts = [
    { name: 'Before training', references: before, test: before },
    { name: 'After training', references: after, test: after },
  ];
  return {
    title: '',
    training: trainingOf(history),
    views: await viewRows(simclr, sample),
    map: await mapOf(shown, parts),
    neighbors: await neighborRows(shown, shown, parts),
  };
}
