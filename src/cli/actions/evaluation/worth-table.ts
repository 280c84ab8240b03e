import type { AccuracyDifference, ClassificationResult } from 'simclr-ts/evaluation';
import type { RunGains } from 'simclr-ts/report';
import { points } from '../../../report/evaluation/training-verdict.js';
import { percent, table } from '../table.js';

/** Accuracies of vectors; of some only those of nearest neighbors. */
export type Measures = { knn: ClassificationResult; linearProbe?: ClassificationResult };
/** Differences of such accuracies. */
export type Differences = { knn: AccuracyDifference; linearProbe?: AccuracyDifference };

const accuracy = (result: ClassificationResult | undefined) =>
  result
    ? `${percent(result.accuracy)} (${percent(result.interval.low)} to ${percent(result.interval.high)})`
    : '';

const gain = (difference: AccuracyDifference | undefined) =>
  difference
    ? `${points(difference.difference)} (${points(difference.low)} to ${points(difference.high)})`
    : '';

const head = (neighbors: string) => ['', neighbors, 'linear probe'];

/** Accuracies by the name of the vectors, for people. */
export function worthTable(
  rows: readonly (readonly [string, Measures])[],
  neighbors = 'nearest neighbors',
): string {
  return table(
    head(neighbors),
    rows.map(([name, { knn, linearProbe }]) => [name, accuracy(knn), accuracy(linearProbe)]),
  );
}

/** What training gained over whitened pixels and over the untrained network, on h and at the read-out. */
export function gainRows({
  overWhitenedPixels,
  overBefore,
  readout,
  readoutWithFlips = null,
}: Pick<RunGains, 'overWhitenedPixels' | 'overBefore' | 'readout'> &
  Partial<Pick<RunGains, 'readoutWithFlips'>>): [string, Differences][] {
  return [
    ['h over pixels, whitened', overWhitenedPixels],
    ['h over h before training', overBefore],
    ...(readout
      ? ([
          ['read-out over pixels, whitened', readout.overWhitenedPixels],
          ['read-out over read-out before training', readout.overBefore],
        ] as [string, Differences][])
      : []),
    ...(readoutWithFlips
      ? ([
          ['with flips, over pixels, whitened', readoutWithFlips.overWhitenedPixels],
          ['with flips, over that before training', readoutWithFlips.overBefore],
        ] as [string, Differences][])
      : []),
  ];
}

/** Differences of accuracies in points, for people. */
export function gainTable(
  rows: readonly (readonly [string, Differences])[],
  neighbors = 'nearest neighbors',
): string {
  return table(
    head(neighbors),
    rows.map(([name, { knn, linearProbe }]) => [name, gain(knn), gain(linearProbe)]),
  );
}
