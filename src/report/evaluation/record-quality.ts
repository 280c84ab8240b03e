import { join } from 'node:path';
import type { ImageDataset, LabeledImagesLike } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { embedOnHost } from '../../evaluation/embed-on-host.js';
import { runFiles } from '../../node/checkpoints/run-directory.js';
import { type FilePath, toFileName } from '../../node/files/file-path.js';
import { type CountsBefore, countsBefore } from '../../training/callbacks/counts-before.js';
import type { Callback, FitContext, Trainer } from '../../training/index.js';
import { writeText } from '../page/write-text.js';
import type { QualityPoint, RunQuality } from '../types.js';
import type { EvaluationPictures, PartEmbeddings } from './run-evaluation.js';
import { readQuality } from './run-quality.js';
import { readoutEmbeddings, whitenedPixels } from './run-representations.js';
import { neighborResult } from './worth.js';

const caller = 'recordQuality';

/** Options of {@link recordQuality}. */
export interface RecordQualityOptions {
  /**
   * Measurements of a `fit` after the one at its start: evenly spread over the time or the steps that it has. Where
   * neither is known, each epoch ends with one. Integer >= 1.
   * @defaultValue `8`
   */
  measurements?: number;
  /** Neighbors that vote, an integer >= 1; at most as many as there are references. @defaultValue `20` */
  neighbors?: number;
  /** Images per pass through the network. @defaultValue `250` */
  batchSize?: number;
  /**
   * What an earlier trainer of the same run counted: its `progress`. Steps and minutes continue those that it recorded.
   * @defaultValue nothing: the run begins with this trainer
   */
  before?: CountsBefore;
  /** Called after each measurement, with everything that is recorded so far. */
  onMeasure?: (point: QualityPoint, quality: RunQuality) => void;
}

/** Pictures at the read-out, or as h where the encoder has none. */
async function represented(
  simclr: Trainer,
  pictures: EvaluationPictures,
  batchSize: number,
): Promise<PartEmbeddings & Pick<RunQuality, 'representation'>> {
  const readout = await readoutEmbeddings(simclr, pictures, { batchSize });
  if (readout) return { ...readout, representation: 'readout' };
  const embed = ({ images }: LabeledImagesLike) => embedOnHost(simclr, images as ImageDataset, { batchSize });
  return {
    references: await embed(pictures.references),
    test: await embed(pictures.test),
    representation: 'h',
  };
}

/**
 * Callback that measures nearest neighbors while training, and writes `quality.json` into a folder. It measures at the
 * encoder's read-out (its first two stages on a 3x3 grid, whitened on the references; see `fitReadout`), or on h where there
 * is none. Whitened pixels of the same pictures are measured once, as a baseline. The accuracy also goes into the epoch's
 * `metrics`, as `knn`.
 *
 * Measuring is not training: it does not count against the `minutes` of `fit`. It takes a few seconds for 3,000 pictures of
 * 32x32. A run that continues keeps what it had recorded on as many pictures.
 *
 * @param dir - The folder of the run, a name or a `file:` URL; it is created if it is missing.
 * @param pictures - Labeled pictures, in memory and of the encoder's size. A few thousand are enough.
 * @param options - See {@link RecordQualityOptions}.
 * @returns The callback. It throws `DataError` when the file cannot be written, or holds something else, and what
 *   `knnClassifier` throws on labels.
 * @throws `InvalidOptionError` when an option is outside its domain.
 * @example
 * await simclr.fit(images, { minutes: 8, callbacks: [recordQuality('runs/first', { references, test })] });
 */
export function recordQuality(
  dir: FilePath,
  pictures: EvaluationPictures,
  options: RecordQualityOptions = {},
): Callback {
  checkKeys(caller, options, { measurements: 1, neighbors: 1, batchSize: 1, before: 1, onMeasure: 1 });
  const { measurements = 8, neighbors = 20, batchSize = 250, onMeasure = () => {} } = options;
  checkInteger(caller, 'measurements', measurements);
  checkInteger(caller, 'neighbors', neighbors);
  checkInteger(caller, 'batchSize', batchSize);
  const before = countsBefore(caller, options.before);
  const path = join(toFileName(caller, 'dir', dir), runFiles.quality);
  const { references, test } = pictures;
  const labels = { references: references.labels, test: test.labels };
  const accuracyOf = async (embeddings: PartEmbeddings) =>
    (await neighborResult(embeddings, labels, { neighbors })).accuracy;

  let quality: RunQuality | undefined;
  /** Minutes that trainers before this one took. */
  let minutesBefore = 0;
  /** Progress when `fit` began, and what it may take. */
  let start = { step: 0, seconds: 0 };
  let limit: { steps?: number; seconds?: number } = {};
  let measured = 0;
  /** Accuracy that the present epoch has not reported yet. */
  let unreported: number | undefined;

  const recorded = async (): Promise<RunQuality | undefined> => {
    const found = await readQuality(caller, path);
    const isSame = found?.references === references.labels.length && found.testImages === test.labels.length;
    return isSame ? found : undefined;
  };
  const measure = async ({ simclr }: FitContext): Promise<void> => {
    const step = before.step + simclr.progress.step;
    if (quality?.points.at(-1)?.step === step) return;
    const began = performance.now();
    const { representation, ...embeddings } = await represented(simclr, pictures, batchSize);
    const accuracy = await accuracyOf(embeddings);
    const point: QualityPoint = {
      step,
      minutes: minutesBefore + simclr.progress.seconds / 60,
      accuracy,
      seconds: (performance.now() - began) / 1000,
    };
    quality = {
      representation,
      references: references.labels.length,
      testImages: test.labels.length,
      whitenedPixels:
        quality?.whitenedPixels ?? (await accuracyOf(await whitenedPixels(pictures, batchSize))),
      points: [...(quality?.points ?? []), point],
    };
    unreported = accuracy;
    await writeText(caller, path, `${JSON.stringify(quality)}\n`);
    onMeasure(point, quality);
  };
  /** Share of this `fit` that is done; `undefined` where its length is not known. */
  const shareDone = ({ simclr: { progress } }: FitContext): number | undefined => {
    const shares = [
      ...(limit.seconds ? [(progress.seconds - start.seconds) / limit.seconds] : []),
      ...(limit.steps ? [(progress.step - start.step) / limit.steps] : []),
    ];
    return shares.length === 0 ? undefined : Math.max(...shares);
  };

  return {
    onFitStart: ({ minutes, totalSteps }, context) =>
      context.offTheClock(async () => {
        const { step, seconds } = context.simclr.progress;
        start = { step, seconds };
        limit = {
          ...(totalSteps !== undefined && { steps: totalSteps }),
          ...(minutes !== undefined && { seconds: 60 * minutes }),
        };
        measured = 0;
        const stepsDone = before.step + step;
        const found = stepsDone === 0 ? undefined : await recorded(); // of an older run
        const points = (found?.points ?? []).filter((point) => point.step <= stepsDone);
        quality = found && { ...found, points };
        minutesBefore = points.filter((point) => point.step <= before.step).at(-1)?.minutes ?? 0;
        await measure(context);
        unreported = undefined; // it belongs to no epoch of this `fit`
      }),
    async onStepEnd(_, context) {
      const share = shareDone(context);
      if (share === undefined || share < (measured + 1) / measurements || share >= 1) return;
      measured = Math.floor(share * measurements);
      await context.offTheClock(() => measure(context));
    },
    async onEpochEnd(epoch, context) {
      if (shareDone(context) === undefined) await context.offTheClock(() => measure(context));
      if (unreported !== undefined) epoch.metrics.knn = unreported;
      unreported = undefined;
    },
    async onFitEnd(outcome, context) {
      if (outcome === 'completed' || outcome === 'stopped') await measure(context);
    },
  };
}
