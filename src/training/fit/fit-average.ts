import {
  type AverageWeightsOptions,
  type AverageWeightsSettings,
  averageSettings,
} from '../averaging/average-settings.js';
import { WeightAverage } from '../averaging/weight-average.js';
import type { TrainerCore } from '../step/trainer-core.js';
import type { RunLength } from './run-length.js';

/** Averages the weights of a `fit`. */
export class FitAverage {
  private readonly settings: AverageWeightsSettings | null;

  constructor(
    private readonly core: TrainerCore,
    options: AverageWeightsOptions | undefined,
    private readonly length: RunLength,
  ) {
    this.settings = averageSettings(options);
  }

  /** Gives the models their trained weights, and makes an average unless the run continues with the one it has. */
  begin(resumed: boolean): void {
    const { core, settings } = this;
    core.useTrainedWeights();
    if (settings && settings.from > 0) this.length.requireShare('averageWeights.from');
    const continues = settings && resumed && core.average?.decay === (settings.decay ?? undefined);
    if (!continues) core.dropAverage();
    if (!settings) return;
    const { encoder, projectionHead } = core;
    const decay = settings.decay === null ? {} : { decay: settings.decay };
    core.average ??= new WeightAverage({ encoder, projectionHead }, decay);
  }

  /** Takes in the weights after a step that began at a share of the run. */
  stepTaken(share: number): void {
    if (this.settings && share >= this.settings.from) this.core.average!.update();
  }

  /** Gives the models the average, if there is one. */
  end(): void {
    const { average } = this.core;
    if (this.settings && average && average.count > 0 && !average.inUse) average.swap();
  }
}
