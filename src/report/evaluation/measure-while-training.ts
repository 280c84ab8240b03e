import type { CountsBefore } from '../../training/callbacks/counts-before.js';
import type { Callback, EpochRecord, FitContext } from '../../training/index.js';

/** A moment of training. */
export interface Moment {
  /** Optimizer steps of the run. */
  step: number;
  /** Minutes of training. */
  minutes: number;
}

/** What to measure while training, and when. */
export interface MeasuringPlan<Point extends Moment> {
  /** Measurements after the first, evenly spread over the time or the steps of a `fit`. */
  measurements: number;
  /** What an earlier trainer of the run counted. */
  before: CountsBefore;
  /** Points that were recorded of this run, in the order of their steps. */
  recorded(): Promise<readonly Point[]>;
  /** Measures, and records the point after those before it. */
  measure(context: FitContext, now: Moment, earlier: readonly Point[]): Promise<Point>;
  /** Adds what the last measurement of an epoch gave to its metrics. */
  report(point: Point, epoch: EpochRecord): void;
}

/**
 * Measures at the start of `fit`, evenly spread over its time or its steps, and at its end; where neither is known, at the
 * end of each epoch. Measuring does not count as training. A run that continues keeps its earlier points.
 */
export function measureWhileTraining<Point extends Moment>({
  measurements,
  before,
  recorded,
  measure: measurePoint,
  report,
}: MeasuringPlan<Point>): Callback {
  let points: readonly Point[] = [];
  /** Minutes that trainers before this one took. */
  let minutesBefore = 0;
  /** Progress when `fit` began, and what it may take. */
  let start = { step: 0, seconds: 0 };
  let limit: { steps?: number; seconds?: number } = {};
  let measured = 0;
  /** What the present epoch has not reported yet. */
  let unreported: Point | undefined;

  const measure = async (context: FitContext): Promise<void> => {
    const { progress } = context.simclr;
    const step = before.step + progress.step;
    if (points.at(-1)?.step === step) return;
    const now = { step, minutes: minutesBefore + progress.seconds / 60 };
    unreported = await measurePoint(context, now, points);
    points = [...points, unreported];
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
        const found = stepsDone === 0 ? [] : await recorded(); // of an older run
        points = found.filter((point) => point.step <= stepsDone);
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
      if (unreported !== undefined) report(unreported, epoch);
      unreported = undefined;
    },
    async onFitEnd(outcome, context) {
      if (outcome === 'completed' || outcome === 'stopped') await measure(context);
    },
  };
}
