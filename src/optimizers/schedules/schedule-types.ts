/**
 * A learning rate as a pure function of the optimizer's step, counted from 0.
 *
 * The library's own schedules carry their `config`, plain JSON from which {@link scheduleFromConfig} rebuilds them. Any
 * other function from step to rate works too, but it cannot be saved.
 */
export interface LearningRateSchedule {
  /**
   * The rate at `step`, a number >= 0. `share` is the completed part of the run, from 0 to 1, for schedules that use
   * it.
   */
  (step: number, share?: number): number;
  /** Plain JSON to save and rebuild the schedule from. */
  readonly config?: ScheduleConfig;
}

/** A learning rate: one number for all steps, or a schedule. */
export type LearningRate = number | LearningRateSchedule;

/** A schedule as plain JSON. */
export type ScheduleConfig =
  | {
      /** A {@link constantSchedule}. */
      name: 'constant';
      /** The rate at every step. */
      learningRate: number;
    }
  | {
      /** A {@link scaledSchedule}. */
      name: 'scaled';
      /** The factor. */
      factor: number;
      /** The rate before scaling. */
      learningRate: number | ScheduleConfig;
    }
  | ({
      /** A {@link warmupCosineSchedule}. */
      name: 'warmupCosine';
    } & {
      [Option in keyof WarmupCosineOptions]-?: Exclude<WarmupCosineOptions[Option], undefined>;
    })
  | ({
      /** A {@link warmupCosineByShare}. */
      name: 'warmupCosineByShare';
    } & Required<WarmupCosineByShareOptions>);

/** Options of {@link warmupCosineSchedule}. */
export interface WarmupCosineOptions {
  /** The rate at the end of the warm-up, from which the cosine falls. >= 0. */
  peak: number;
  /** Steps of linear warm-up, an integer from 0 to `totalSteps`. */
  warmupSteps: number;
  /** Steps of the whole schedule, **the warm-up included**; an integer >= 1. */
  totalSteps: number;
  /**
   * The rate that the warm-up rises from.
   *
   * @defaultValue `0`
   */
  start?: number;
  /**
   * The rate at the end of the cosine and at every later step.
   *
   * @defaultValue `0` with the convention 'google', a thousandth of `peak` with 'lightly'
   */
  end?: number;
  /**
   * Whose formula to use. With w warm-up steps and T steps in total, at step t:
   * - 'google': the warm-up has covered `t / w` of its way, so that step 0 has the rate `start`; the cosine
   *   `(t - w) / (T - w)`;
   * - 'lightly': the warm-up has covered `(t + 1) / w`, so that step w - 1 has the peak; the cosine
   *   `(t - w) / (T - w - 1)`, so that the last step has the rate `end`.
   *
   * @defaultValue `'google'`
   */
  convention?: 'google' | 'lightly';
  /**
   * Steps between changes of the rate, an integer >= 1. With the number of steps in an epoch, the schedule
   * equals PyTorch's `CosineAnnealingLR` stepped once per epoch.
   *
   * @defaultValue `1`
   */
  everySteps?: number;
}

/** Options of {@link warmupCosineByShare}. */
export interface WarmupCosineByShareOptions {
  /** The rate at the end of the warm-up, from which the cosine falls. >= 0. */
  peak: number;
  /** Share of the run that the linear warm-up takes, >= 0 and < 1. @defaultValue `0.05` */
  warmupShare?: number;
  /** The rate that the warm-up rises from. @defaultValue `0` */
  start?: number;
  /** The rate at the end of the run. @defaultValue `0` */
  end?: number;
}
