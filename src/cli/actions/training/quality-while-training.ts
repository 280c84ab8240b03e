import { type Callback, selectImages } from 'simclr-ts';
import { type EvaluationPictures, recordQuality } from 'simclr-ts/report';
import { spreadRows } from '../../../data/spread-rows.js';
import type { CountsBefore } from '../../../training/callbacks/counts-before.js';
import type { Context } from '../../context.js';
import { percent } from '../table.js';
import {
  type MeasuringPictures,
  type TrainingPictures,
  whileTraining,
} from './pictures/training-pictures.js';

/** Pictures to measure while training: those of `--val`, or some of those that are measured before and after. */
export async function picturesWhileTraining(
  pictures: TrainingPictures,
  labeled: MeasuringPictures | undefined,
): Promise<EvaluationPictures | undefined> {
  if (pictures.validation) return pictures.validation();
  if (labeled === undefined) return undefined;
  const some = (part: EvaluationPictures['test'], count: number) =>
    selectImages(part, spreadRows(part.labels.length, count));
  return {
    references: some(labeled.references, whileTraining.references),
    test: some(labeled.test, whileTraining.testImages),
  };
}

/** Measurements of a run, of which each part has its share. */
const measurementsOfRun = 8;

/** Measures quality while training, and says what came of it. */
export function qualityWhileTraining(
  out: string,
  pictures: EvaluationPictures,
  { before, share }: { before: CountsBefore; share: number },
  context: Context,
): Callback {
  return recordQuality(out, pictures, {
    measurements: Math.max(1, Math.round(share * measurementsOfRun)),
    before,
    onMeasure({ step, minutes, accuracy }, { points, whitenedPixels, testImages }) {
      const [first] = points;
      const reference =
        first!.step === 0 && step > 0
          ? `before training ${percent(first!.accuracy)}`
          : `whitened pixels ${percent(whitenedPixels)}`;
      const when = step === 0 ? 'Before training' : `After ${minutes.toFixed(1)} minutes`;
      context.note(
        `${when}, nearest neighbors name ${percent(accuracy)} of ${testImages} pictures (${reference}).`,
      );
    },
  });
}
