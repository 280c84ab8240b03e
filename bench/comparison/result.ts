import { accuracyDifference, confidenceInterval, type LabeledImages } from 'simclr-ts';
import { mean as meanOf } from '../statistics.js';
import { differenceOfMeans, type Estimate, meanInterval } from './intervals.js';
import type { Recipe } from './recipe.js';
import type { Budget, TrainReply } from './task.js';

/** The accuracies that are compared. */
export const measures = ['knn', 'linearProbe'] as const;
/** One of {@link measures}. */
export type Measure = (typeof measures)[number];

/** Allowed difference in accuracy of a parity run. */
export const parityTolerance = 0.02;

/** A run, evaluated. */
export interface EvaluatedRun extends Omit<TrainReply, 'dim'> {
  seed: number;
  knn: number;
  linearProbe: number;
  /** The class of each test picture. */
  predictions: Record<Measure, Int32Array>;
}

/** A run, as in the JSON file. */
export type RunResult = Omit<EvaluatedRun, 'framework' | 'predictions'>;

/** A side; its own figures are the means over its runs. */
export interface SideResult {
  /** Framework and versions. */
  framework: string;
  pairsPerSecond: number;
  pairsSeen: number;
  /** Loss of every step: the mean over the runs, up to the shortest. */
  loss: number[];
  /** Accuracy on the test pictures. */
  knn: number;
  linearProbe: number;
  /** Of one run: over samples of test pictures (Wilson). Of several: over seeds (Student). */
  intervals: Record<Measure, Estimate>;
  runs: RunResult[];
}

/** The JSON file of `npm run compare`. */
export interface ComparisonResult {
  budget: Budget;
  seeds: number[];
  threads: number;
  references: number;
  testImages: number;
  recipe: Recipe;
  machine: string;
  date: string;
  ours: SideResult;
  /** `null` without PyTorch. */
  pytorch: SideResult | null;
  /** Why it is null. */
  missing?: string;
  /** Ours less PyTorch's. Of one run each: on the same test pictures (paired). Of several: of the means (Welch). */
  difference?: Record<Measure, Estimate & { withinTolerance: boolean }>;
  /** Our pairs per second over PyTorch's. */
  speedRatio?: number;
}

/** The figures of a side from its runs. */
export function summarizeSide(runs: readonly EvaluatedRun[], testImages: number): SideResult {
  const of = (key: 'pairsPerSecond' | 'pairsSeen' | Measure) => meanOf(runs.map((run) => run[key]));
  const steps = Math.min(...runs.map(({ loss }) => loss.length));
  const interval = (measure: Measure): Estimate =>
    runs.length > 1
      ? meanInterval(runs.map((run) => run[measure]))
      : { mean: of(measure), ...confidenceInterval(of(measure), testImages) };
  return {
    framework: runs[0]!.framework,
    pairsPerSecond: of('pairsPerSecond'),
    pairsSeen: of('pairsSeen'),
    loss: Array.from({ length: steps }, (_, step) => meanOf(runs.map(({ loss }) => loss[step]!))),
    knn: of('knn'),
    linearProbe: of('linearProbe'),
    intervals: { knn: interval('knn'), linearProbe: interval('linearProbe') },
    runs: runs.map(({ framework: _, predictions: __, ...run }) => run),
  };
}

/** Ours minus PyTorch's, with its interval. */
export function compareSides(
  ours: readonly EvaluatedRun[],
  pytorch: readonly EvaluatedRun[],
  labels: LabeledImages['labels'],
): NonNullable<ComparisonResult['difference']> {
  const of = (measure: Measure) => {
    let estimate: Estimate;
    if (ours.length > 1 && pytorch.length > 1) {
      const values = (runs: readonly EvaluatedRun[]) => runs.map((run) => run[measure]);
      estimate = differenceOfMeans(values(ours), values(pytorch));
    } else {
      const predicted = (runs: readonly EvaluatedRun[]) => runs[0]!.predictions[measure];
      const { difference, low, high } = accuracyDifference(predicted(ours), predicted(pytorch), labels);
      estimate = { mean: difference, low, high };
    }
    return { ...estimate, withinTolerance: Math.abs(estimate.mean) <= parityTolerance };
  };
  return { knn: of('knn'), linearProbe: of('linearProbe') };
}

/**
 * The sides of each seed in the order in which they run. The first side alternates, so that both meet equal conditions.
 */
export function turns<Side>(seeds: number, sides: readonly Side[]): Array<{ seed: number; side: Side }> {
  return Array.from({ length: seeds }, (_, seed) => {
    const order = seed % 2 === 0 ? sides : [...sides].reverse();
    return order.map((side) => ({ seed, side }));
  }).flat();
}
