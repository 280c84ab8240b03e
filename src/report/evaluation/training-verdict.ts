import type { AccuracyDifference } from '../../evaluation/embedding-evaluation.js';
import type { RunGains } from './run-evaluation.js';

/** A difference of shares in percentage points, with its sign. */
export const points = (share: number) => `${share < 0 ? '' : '+'}${(100 * share).toFixed(1)}`;

const interval = ({ difference, low, high }: AccuracyDifference) =>
  `${points(difference)} points of nearest-neighbor accuracy (${points(low)} to ${points(high)})`;

const advice = 'Train longer, on more pictures, or with crops from 20 % of the area on.';

/**
 * One sentence or two on whether training helped, against the strongest baselines: the encoder before training, read in the
 * same way, and whitened pixels.
 */
export function trainingVerdict({
  overBefore,
  overWhitenedPixels,
  readout,
}: Pick<RunGains, 'overBefore' | 'overWhitenedPixels' | 'readout'>): string {
  const [place, untrained, pixels] = readout
    ? (['At the read-out', readout.overBefore.knn, readout.overWhitenedPixels.knn] as const)
    : (['On h', overBefore.knn, overWhitenedPixels.knn] as const);
  if (untrained.low > 0 && pixels.low > 0) {
    return `${place}, training gained ${interval(untrained)}, and is ahead of whitened pixels by ${points(pixels.difference)}.`;
  }
  const missing =
    untrained.low > 0
      ? 'but whitened pixels are no worse'
      : 'so that it cannot be told from chance or did harm';
  return `${place}, training changed ${interval(untrained)}, ${missing} (${points(pixels.difference)} against whitened pixels). ${advice}`;
}
