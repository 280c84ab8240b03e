import type { StepRecord, Trainer } from '../training/index.js';
import { attainableGain, chanceLoss, chanceShare } from './chance.js';
import { short } from './check-settings.js';
import type { Diagnosis } from './finding.js';
import { lossOf } from './loss-of.js';

/** Steps at a learning rate of 0 after which it is no accident. */
const zeroSteps = 10;

/** Follows what a step tells anyway: loss, learning rate, number of pairs. */
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

  /** Takes note of a step. */
  note({ step, loss, learningRate, pairs }: StepRecord): void {
    const { temperature, customLoss } = lossOf(this.simclr);
    this.zeros = learningRate === 0 ? this.zeros + 1 : 0;
    const rising = learningRate > this.lastRate || learningRate === 0;
    this.lastRate = learningRate;
    if (customLoss) return;
    if (step === 0) this.initial = checkInitialLoss(loss, pairs, temperature, this.views);
    this.loss = loss;
    this.pairs = pairs;
    // While it warms up a trainer is not expected to get anywhere.
    if (rising) return;
    const { views } = this;
    this.shares.push((chanceLoss(pairs, views) - loss) / attainableGain(pairs, temperature, views));
    if (this.shares.length > this.patience) this.shares.shift();
  }

  /** What is wrong so far. */
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
        message: `The learning rate has been 0 for ${this.zeros} steps: nothing is learnt any more.`,
        remedy: 'Give the schedule as many totalSteps as training has, or stop here.',
        evidence: { steps: this.zeros },
      },
    ];
  }
}

/** The words for a loss that is what guessing gives. */
export function lossAtChance(loss: number, pairs: number, steps: number, views = 2): Diagnosis {
  const chance = chanceLoss(pairs, views);
  return {
    code: 'loss-at-chance',
    severity: 'error',
    certain: false,
    message: `After ${steps} steps the loss is ${short(loss)}, and ln(${views}N - 1) = ${short(chance)} is what guessing gives.`,
    remedy:
      'Try another learning rate (a recipe of simclr-ts/recipes has one), weaker crops, and a temperature of 0.5.',
    evidence: { loss, chance, pairs },
  };
}

/**
 * The first loss of an untrained trainer. Views of one picture resemble each other in any network, and so it lies
 * somewhat below ln(2N - 1), or above where the temperature is small and similarities differ much. Below a tenth the
 * pairs were found without learning; above by half of what a similarity of 1 is worth, partners are less alike than
 * others.
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
      message: `The first loss is ${short(loss)} where an untrained network has about ln(${views}N - 1) = ${short(chance)}: ${isLow ? 'the pairs are found without learning' : 'partners are less alike than other pictures'}.`,
      remedy: isLow
        ? 'Make the augmentation stronger; look for what only the two views of a picture share.'
        : 'See whether row i of both views is the same picture.',
      evidence: { loss, chance, pairs },
    },
  ];
}
