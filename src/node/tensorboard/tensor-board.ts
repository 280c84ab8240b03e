import type { Tensor4D } from '@tensorflow/tfjs-core';
import { colorsOf } from '../../augmentations/normalize.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { type CountsBefore, countsBefore } from '../../training/callbacks/counts-before.js';
import type { Callback, FitContext, StepRecord } from '../../training/index.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { loadSharp } from '../pictures/decode-image.js';
import { EventFile } from './event-file.js';
import { pictureGrid } from './picture-grid.js';
import { type ProjectorPictures, writeProjector } from './projector.js';

/** Options of {@link tensorBoard}. */
export interface TensorBoardOptions {
  /** Steps between the scalars of steps. Integer >= 1. @defaultValue `1` */
  everySteps?: number;
  /**
   * Pictures whose views are drawn at the first step of each `fit`: a row per picture, a column per view. Integer >= 0; 0
   * for none.
   * @defaultValue `8`
   */
  views?: number;
  /** Pictures whose embeddings are written when `fit` ends, for the projector. @defaultValue none */
  projector?: ProjectorPictures;
  /**
   * What an earlier trainer of the same run counted: its `progress`. The axis continues from there.
   * @defaultValue nothing: the run begins with this trainer
   */
  before?: CountsBefore;
}

const caller = 'tensorBoard';

/**
 * Callback that writes event files for TensorBoard (`tensorboard --logdir DIRECTORY`):
 *
 * - per step `train/loss` (nats), `train/learning_rate` and `train/pairs_per_second`;
 * - per epoch `epoch/loss`, `epoch/pairs_per_second` and what callbacks before this one measured, such as
 *   `epoch/online_knn`;
 * - `views`, a grid of what the encoder sees;
 * - embeddings, if `projector` is given.
 *
 * The axis is the number of the step since the model was made, so that a resumed run continues it. What a run that was killed
 * had written beyond its checkpoint is dropped by TensorBoard. Give each run a folder of its own.
 *
 * @param directory - The folder, made if it is missing.
 * @param options - See {@link TensorBoardOptions}.
 * @returns The callback. It rejects with a `DataError` if a file cannot be written, and with a `SimCLRError` if the optional
 * package `sharp` is missing, unless `views` is 0 and there is no `projector`.
 * @throws `InvalidOptionError` when `directory` is no name, or an option is outside its domain.
 * @throws `ShapeError` when the projector's images are not `[N, height, width, channels]`, or its labels are not N texts.
 * @example
 * await simclr.fit(images, { epochs: 10, callbacks: [tensorBoard('logs/first')] });
 * @see https://www.tensorflow.org/tensorboard
 */
export function tensorBoard(directory: FilePath, options: TensorBoardOptions = {}): Callback {
  checkKeys(caller, options, { everySteps: 1, views: 1, projector: 1, before: 1 });
  const { everySteps = 1, views = 8, projector } = options;
  const before = countsBefore(caller, options.before);
  const folder = toFileName(caller, 'directory', directory);
  checkInteger(caller, 'everySteps', everySteps);
  checkInteger(caller, 'views', views, 0);
  if (projector !== undefined) checkProjector(projector);
  let file: EventFile | undefined;
  let drawsViews = false;
  let newest = 0;
  return {
    async onFitStart(_, { simclr }) {
      if (views > 0 || projector) await loadSharp(caller);
      drawsViews = views > 0;
      newest = before.step + simclr.progress.step;
      file = await EventFile.create(caller, folder);
      await file.write(newest, { start: true });
    },
    async onStepEnd(step, context) {
      newest = before.step + step.step;
      if (drawsViews) await drawViews(file!, step, context);
      drawsViews = false;
      if (step.step % everySteps !== 0) return;
      const { loss, learningRate, seconds, pairs } = step;
      await file!.write(newest, {
        scalars: finite({
          'train/loss': loss,
          'train/learning_rate': learningRate,
          'train/pairs_per_second': pairs / seconds,
        }),
      });
    },
    async onEpochEnd({ loss, pairsPerSecond, metrics }) {
      const measured = Object.entries(metrics).map(([name, value]) => [`epoch/${name}`, value] as const);
      const scalars = finite({
        'epoch/loss': loss,
        'epoch/pairs_per_second': pairsPerSecond,
        ...Object.fromEntries(measured),
      });
      await file!.write(newest, { scalars });
    },
    async onFitEnd(outcome, { simclr }) {
      const done = file;
      file = undefined;
      await done?.close();
      if (done && projector && outcome !== 'failed') await writeProjector(caller, folder, simclr, projector);
    },
  };

  /** The views of the first pictures of the step, as the step drew them. */
  async function drawViews(target: EventFile, { step, epoch }: StepRecord, context: FitContext) {
    const given = context.pictures?.(Math.max(2, views));
    if (given === undefined || context.simclr.augmentations.length === 0) return;
    const { images, indices } = given;
    let drawn: Tensor4D[] = [];
    try {
      drawn = context.simclr.views(images, indices, epoch);
      const { normalization } = context.simclr;
      const columns = await Promise.all(drawn.map((view) => colorsOf(view, normalization)));
      await target.write(before.step + step, {
        tag: 'views',
        image: await pictureGrid(caller, columns, views),
      });
    } finally {
      for (const tensor of [...drawn, ...(Array.isArray(images) ? images : [images])]) tensor.dispose();
    }
  }
}

/** TensorBoard has no place for what is not known. */
function finite(scalars: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(scalars).filter(([, value]) => Number.isFinite(value)));
}

/** @throws unless there are pictures, and as many labels if there are labels. */
function checkProjector(projector: ProjectorPictures): void {
  checkKeys(caller, projector, { images: 1, labels: 1 }, 'projector');
  const { images, labels } = projector;
  const shape = images?.shape;
  const isShape = Array.isArray(shape) && shape.length === 4 && shape.every((size) => size >= 1);
  const size = isShape ? shape.reduce((product, length) => product * length, 1) : Number.NaN;
  if (images?.data?.length !== size) {
    throw new ShapeError(
      receivedMessage(
        caller,
        'projector.images must be { data, shape: [N, height, width, channels] }',
        'projector.images',
        images,
      ),
    );
  }
  if (labels === undefined) return;
  if (!Array.isArray(labels) || labels.some((label) => typeof label !== 'string')) {
    throw new InvalidOptionError(
      receivedMessage(caller, 'projector.labels must be an array of texts', 'projector.labels', labels),
    );
  }
  if (labels.length !== shape![0]) {
    throw new ShapeError(
      `${caller}: projector.labels must be one text per picture, ${shape![0]}. Received: ${labels.length}.`,
    );
  }
}
