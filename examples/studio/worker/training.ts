import type { Callback } from 'simclr-ts';
import { doctor } from 'simclr-ts/doctor';
import { fewestPictures } from '../shared/pictures.js';
import type { AugmentationSettings, TrainingSettings } from '../shared/settings.js';
import type { TrainerEvent } from '../shared/trainer-protocol.js';
import type { Session } from './session.js';
import { asImages } from './vectors/vectors-of.js';

const secondsBetweenSaves = 15;
const secondsBetweenReports = 0.5;

/** Measuring may take this share of the time. */
const shareOfMeasuring = 0.15;
const secondsBetweenMeasurements = 3;

/** Maximum number of losses for the chart; beyond it, every second one is dropped. */
const mostLosses = 2000;

/** One training run: its reports, and how to pause and end it. */
export class Training {
  private readonly ending = new AbortController();
  private go: (() => void) | undefined;
  private gate: Promise<void> | undefined;
  private lossEvery = 1;

  constructor(
    private readonly session: Session,
    private readonly say: (event: TrainerEvent) => void,
  ) {}

  pause(): void {
    this.gate ??= new Promise((resolve) => {
      this.go = resolve;
    });
  }

  resume(): void {
    this.go?.();
    this.gate = undefined;
    this.go = undefined;
  }

  stop(): void {
    this.ending.abort();
    this.resume();
  }

  async run(
    settings: TrainingSettings,
    augmentation: AugmentationSettings,
  ): Promise<'completed' | 'stopped'> {
    const { session } = this;
    if (session.count < fewestPictures) {
      throw new Error(`Training needs at least ${fewestPictures} pictures; there are ${session.count}.`);
    }
    if (session.simclr && !sameModel(session.settings, settings)) {
      const { step } = session.simclr.progress;
      session.dropModel();
      const text = 'These settings need a new model: training has started over.';
      if (step > 0) this.say({ type: 'notice', level: 'info', text });
    }
    const simclr = session.simclr ?? (await session.begin(settings, augmentation));
    session.settings = settings;
    session.augmentation!.set(augmentation);
    if (session.measurements.length === 0) await session.measure();
    const { outcome } = await simclr.fit(asImages(session.pictures), {
      epochs: settings.epochs,
      batchSize: Math.min(settings.batchSize, session.count),
      resume: true,
      signal: this.ending.signal,
      callbacks: [this.reports(settings), this.doctor(), this.measurements(), this.saves(), this.pauses()],
    });
    await session.measure();
    await session.withReadout(async () => {}); // the checkpoint holds it
    await session.saveModel();
    return outcome === 'completed' ? 'completed' : 'stopped';
  }

  private reports(settings: TrainingSettings): Callback {
    let total = 0;
    let steps = 0;
    let said = 0;
    let pairsPerSecond = 0;
    return {
      onFitStart({ totalSteps = 0 }) {
        total = totalSteps;
      },
      onStepEnd: ({ step, epoch, loss, seconds, pairs }) => {
        steps++;
        this.session.secondsTrained += seconds;
        const speed = pairs / seconds;
        pairsPerSecond = steps <= 2 ? speed : 0.9 * pairsPerSecond + 0.1 * speed;
        this.keepLoss(step, loss);
        const now = performance.now() / 1000;
        if (now - said < secondsBetweenReports && steps !== total) return;
        said = now;
        const etaSeconds = ((total - steps) * pairs) / pairsPerSecond;
        const { epochs } = settings;
        const { secondsTrained } = this.session;
        this.say({
          type: 'step',
          step: step + 1,
          epoch,
          epochs,
          loss,
          pairsPerSecond,
          etaSeconds,
          secondsTrained,
        });
      },
    };
  }

  private keepLoss(step: number, loss: number): void {
    const { losses } = this.session;
    if (step % this.lossEvery === 0) losses.push({ step, loss });
    if (losses.length <= mostLosses) return;
    this.session.losses = losses.filter((_, index) => index % 2 === 0);
    this.lossEvery *= 2;
  }

  /** A finding of the library's doctor, as a notice. */
  private doctor(): Callback {
    return doctor({
      onFinding: ({ message }) => this.say({ type: 'notice', level: 'warning', text: message }),
    });
  }

  private measurements(): Callback {
    let next = performance.now() + 1000 * secondsBetweenMeasurements;
    return {
      onStepEnd: async () => {
        const began = performance.now();
        if (began < next) return;
        await this.session.measure();
        const ended = performance.now();
        next = ended + Math.max(1000 * secondsBetweenMeasurements, (ended - began) / shareOfMeasuring);
      },
    };
  }

  private saves(): Callback {
    let saved = performance.now();
    return {
      onStepEnd: async () => {
        if (performance.now() - saved < 1000 * secondsBetweenSaves) return;
        await this.session.saveModel();
        saved = performance.now();
      },
    };
  }

  /** The last callback, so that the others have finished a step before it pauses. */
  private pauses(): Callback {
    return {
      onStepEnd: async () => {
        if (!this.gate) return;
        await this.session.saveModel(); // a paused tab is often closed
        await this.gate;
      },
    };
  }
}

/** Whether training with `after` can continue a model created with `before`. */
function sameModel(before: TrainingSettings, after: TrainingSettings): boolean {
  const fixed = ['viewSize', 'width', 'temperature', 'learningRate', 'seed', 'startingEncoder'] as const;
  return fixed.every((setting) => before[setting] === after[setting]);
}
