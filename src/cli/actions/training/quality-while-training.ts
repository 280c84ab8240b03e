import { type Callback, type ImageArray, selectImages } from 'simclr-ts';
import { type EvaluationPictures, recordHealth, recordQuality } from 'simclr-ts/report';
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

/** The part of a run that a trainer is in: what came before it, and its share of the run. */
interface PartOfRun {
  before: CountsBefore;
  share: number;
}

const measuring = ({ before, share }: PartOfRun) => ({
  measurements: Math.max(1, Math.round(share * measurementsOfRun)),
  before,
});

function timeOf({ step, minutes }: { step: number; minutes: number }): string {
  if (step === 0) return 'Before training';
  const seconds = 60 * minutes;
  if (seconds < 60) return `After ${seconds.toFixed(seconds < 10 ? 1 : 0)} seconds`;
  return `After ${minutes.toFixed(1)} minutes`;
}

/** Measures without labels how rich representations are while training, and says what came of it. */
export function healthWhileTraining(
  out: string,
  sample: ImageArray,
  part: PartOfRun,
  context: Context,
): Callback {
  return recordHealth(out, sample, {
    ...measuring(part),
    onMeasure(point, { dim }) {
      const { effectiveRank, alignment } = point;
      const views =
        alignment === null ? '' : `, and two views of a picture are ${alignment.toFixed(3)} apart`;
      context.note(`${timeOf(point)}, h uses ${effectiveRank.toFixed(1)} of ${dim} directions${views}.`);
    },
  });
}

/** Measures quality while training, and says what came of it. */
export function qualityWhileTraining(
  out: string,
  pictures: EvaluationPictures,
  part: PartOfRun,
  context: Context,
): Callback {
  return recordQuality(out, pictures, {
    ...measuring(part),
    onMeasure(point, { points, whitenedPixels, testImages }) {
      const { step, accuracy } = point;
      const [first] = points;
      const reference =
        first!.step === 0 && step > 0
          ? `before training ${percent(first!.accuracy)}`
          : `whitened pixels ${percent(whitenedPixels)}`;
      context.note(
        `${timeOf(point)}, nearest neighbors name ${percent(accuracy)} of ${testImages} pictures (${reference}).`,
      );
    },
  });
}
