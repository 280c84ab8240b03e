import { batchesPerEpoch, type ImageDataset } from '../../data/index.js';
import { checkPositive } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { followsShare } from '../../optimizers/schedules/warmup-cosine-by-share.js';
import type { TrainerCore } from '../step/trainer-core.js';
import type { FitOptions } from './fit-options.js';

const caller = 'SimCLR.fit';

/** Passes of a `fit` with these options: without a limit where only the clock ends it. */
export function epochsOf({ epochs, minutes }: FitOptions): number {
  return epochs ?? (minutes === undefined ? 1 : Number.POSITIVE_INFINITY);
}

/** How long a `fit` lasts, by the clock and in epochs, and which share of that is done. */
export class RunLength {
  /** Seconds that count as trained before this call. */
  private readonly secondsBefore: number;
  private readonly totalSeconds: number;
  private readonly firstSeconds: number;
  private firstStep = 0;
  private stepsBefore = 0;
  private totalSteps: number | undefined;
  private began: number | undefined;
  private paused = 0;
  private done = 0;

  constructor(
    private readonly core: TrainerCore,
    { minutes, resume = false }: FitOptions,
  ) {
    if (minutes !== undefined) checkPositive(caller, 'minutes', minutes);
    this.totalSeconds = minutes === undefined ? Number.POSITIVE_INFINITY : 60 * minutes;
    this.firstSeconds = core.progress.seconds;
    this.secondsBefore = resume ? this.firstSeconds : 0;
  }

  /**
   * Starts the clock.
   *
   * @param first - The first epoch of this call.
   * @param last - The epoch before which it ends.
   */
  begin(
    dataset: ImageDataset,
    { batchSize, resume = false }: { batchSize: number; resume?: boolean },
    first: number,
    last: number,
  ): void {
    const perEpoch = batchesPerEpoch(dataset, { batchSize });
    if (perEpoch !== undefined && Number.isFinite(last)) {
      this.stepsBefore = resume ? first * perEpoch + this.core.progress.batch : 0;
      this.totalSteps = perEpoch * (resume ? last : last - first);
    }
    this.firstStep = this.core.progress.step;
    this.began = performance.now();
    const { learningRate } = this.core.optimizer as { learningRate?: never };
    if (learningRate !== undefined && followsShare(learningRate)) this.requireShare('a learning rate');
    this.tell();
  }

  /** @throws {@link InvalidOptionError} when the length of the run is not known, by which `what` follows its share. */
  requireShare(what: string): void {
    if (this.totalSteps !== undefined || Number.isFinite(this.totalSeconds)) return;
    throw new InvalidOptionError(
      `${caller}: minutes must be given for ${what} that follows the share of the run, because this dataset does not tell how many images it has. Received: minutes=undefined.`,
    );
  }

  /** Share of the run that is done, from 0 to 1; 0 where its length is not known. */
  get share(): number {
    return this.done;
  }

  /** Seconds of this call that did not count. */
  get secondsPaused(): number {
    return this.paused;
  }

  /** Runs `work` while the clock stands still. */
  async pause<T>(work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const before = this.paused;
    try {
      return await work();
    } finally {
      // Not added up: work that pauses inside work would count twice.
      this.paused = before + (performance.now() - began) / 1000;
    }
  }

  /** Minutes that are left; infinite without a limit. */
  get minutesLeft(): number {
    return Math.max(0, this.totalSeconds - this.secondsBefore - this.elapsed()) / 60;
  }

  /** Whether the time was up before this call: then a run that resumes takes no step. */
  get wasOver(): boolean {
    return this.secondsBefore >= this.totalSeconds;
  }

  /** Whether the time is up. */
  get isOver(): boolean {
    return this.secondsBefore + this.elapsed() >= this.totalSeconds;
  }

  /** Notes the time, and tells the optimizer which share of the run is done. */
  tell(): void {
    const { core } = this;
    core.progress.seconds = this.firstSeconds + this.elapsed();
    const steps = this.stepsBefore + core.progress.step - this.firstStep;
    const share = Math.max(
      (this.secondsBefore + this.elapsed()) / this.totalSeconds,
      this.totalSteps === undefined ? 0 : steps / this.totalSteps,
    );
    this.done = Math.min(share, 1);
    if ('runShare' in core.optimizer) core.optimizer.runShare = this.done;
  }

  /** Share of the run at which the present epoch began; the present share where the clock tells it. */
  get shareAtEpochStart(): number {
    if (this.totalSteps === undefined || Number.isFinite(this.totalSeconds)) return this.done;
    const { step, batch } = this.core.progress;
    return Math.min((this.stepsBefore + step - this.firstStep - batch) / this.totalSteps, 1);
  }

  private elapsed(): number {
    return this.began === undefined ? 0 : (performance.now() - this.began) / 1000 - this.paused;
  }
}
