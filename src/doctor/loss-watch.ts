import type { StepRecord, Trainer } from '../training/index.js';
import { attainableGain, chanceLoss, chanceShare } from './chance.js';
import { short } from './check-settings.js';
import type { Diagnosis } from './finding.js';
import { lossOf } from './loss-of.js';

/** Steps at a learning rate of 0 that are a finding. */
const zeroSteps = 10;

/** Watches the loss, learning rate and number of pairs that every step reports. */
export class LossWatch {
  private readonly shares: number[] = [];
  private initial: Diagnosis[] = [];
  private zeros = 0;
  private lastRate = Number.NaN;
  private loss = Number.NaN;
  private pairs = 0;

  constructor(
    private readonly simclr: Trainer,
    /** Steps over which the loss is averaged. */
    private readonly patience: number,
  ) {}

  private get views(): number {
    return this.simclr.augmentations.length;
  }

  /** Records a step. */
  note({ step, loss, learningRate, pairs }: StepRecord): void {
    const { temperature, customLoss } = lossOf(this.simclr);
    this.zeros = learningRate === 0 ? this.zeros + 1 : 0;
    const rising = learningRate > this.lastRate || learningRate === 0;
    this.lastRate = learningRate;
    if (customLoss) return;
    if (step === 0) this.initial = checkInitialLoss(loss, pairs, temperature, this.views);
    this.loss = loss;
    this.pairs = pairs;
    // The loss need not fall during the warm-up.
    if (rising) return;
    const { views } = this;
    this.shares.push((chanceLoss(pairs, views) - loss) / attainableGain(pairs, temperature, views));
    if (this.shares.length > this.patience) this.shares.shift();
  }

  /** Returns the findings so far. */
  diagnose(): Diagnosis[] {
    return [...this.initial, ...this.atChance(), ...this.zeroRate()];
  }

  private atChance(): Diagnosis[] {
    if (this.shares.length < this.patience) return [];
    const share = this.shares.reduce((sum, value) => sum + value, 0) / this.shares.length;
    return share < chanceShare ? [lossAtChance(this.loss, this.pairs, this.patience, this.views)] : [];
  }

  private zeroRate(): Diagnosis[] {
    if (this.zeros < zeroSteps) return [];
    return [
      {
        code: 'learning-rate-zero',
        severity: 'error',
        certain: true,
        message: `The learning rate has been 0 for ${this.zeros} steps: training has stopped learning.`,
        remedy: 'Set totalSteps of the schedule to the number of training steps, or stop here.',
        evidence: { steps: this.zeros },
      },
    ];
  }
}

/** The diagnosis of a loss at the value of guessing. */
export function lossAtChance(loss: number, pairs: number, steps: number, views = 2): Diagnosis {
  const chance = chanceLoss(pairs, views);
  return {
    code: 'loss-at-chance',
    severity: 'error',
    certain: false,
    message: `After ${steps} steps the loss is ${short(loss)}, and guessing gives ln(${views}N - 1) = ${short(chance)}.`,
    remedy:
      'Try another learning rate (a recipe of simclr-ts/recipes has one), weaker crops, and a temperature of 0.5.',
    evidence: { loss, chance, pairs },
  };
}

/**
 * Checks the first loss of an untrained trainer. In any network, views of one picture are somewhat similar, so that the
 * loss is a little below ln(2N - 1), or above it when the temperature is small and similarities vary. Below a tenth of
 * that, pairs are found without learning; above it by more than half of the contribution of a similarity of 1, partners
 * are less similar than other pictures.
 */
export function checkInitialLoss(loss: number, pairs: number, temperature: number, views = 2): Diagnosis[] {
  const chance = chanceLoss(pairs, views);
  const [low, high] = [0.1 * chance, chance + 0.5 / temperature];
  if (pairs < 8 || (loss >= low && loss <= high)) return [];
  const isLow = loss < low;
  return [
    {
      code: 'initial-loss',
      severity: 'warning',
      certain: false,
      message: `The first loss is ${short(loss)}, but that of an untrained network is about ln(${views}N - 1) = ${short(chance)}: ${isLow ? 'the pairs are found without learning' : 'partners are less similar than other pictures'}.`,
      remedy: isLow
        ? 'Make the augmentation stronger, and look for something that only the two views of a picture share.'
        : 'Check that row i of both views is the same picture.',
      evidence: { loss, chance, pairs },
    },
  ];
}
