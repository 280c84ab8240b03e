/** The names of the values of {@link momentsOf}, in order. */
export const momentNames = [
  'mean red',
  'mean green',
  'mean blue',
  'mean square red',
  'mean square green',
  'mean square blue',
  'variance within a view',
  'share of gray views',
  'share of black or white values',
  'squared difference of neighbors, right',
  'squared difference of neighbors, below',
  'squared difference of channels',
  'left half less right half',
  'upper half less lower half',
] as const;

/**
 * Averages over all views of a draw, in the order of {@link momentNames}. They see crops (smoothness, means),
 * mirroring, jitter (levels, contrast, clipping, color) and loss of colors.
 *
 * @param views - `count` pictures of 32x32x3.
 * @param layout - Whether the channels of a picture are interleaved or planar.
 */
export function momentsOf(
  views: Float32Array,
  count: number,
  layout: 'channels-last' | 'channels-first',
): number[] {
  const side = 32;
  const pixels = side * side;
  const at =
    layout === 'channels-last'
      ? (picture: number, y: number, x: number, c: number) => ((picture * side + y) * side + x) * 3 + c
      : (picture: number, y: number, x: number, c: number) => ((picture * 3 + c) * side + y) * side + x;
  const sums = new Array<number>(momentNames.length).fill(0);
  const add = (moment: (typeof momentNames)[number], value: number) => {
    const place = momentNames.indexOf(moment);
    sums[place] = sums[place]! + value / count;
  };
  for (let picture = 0; picture < count; picture++) {
    const mean = [0, 0, 0];
    const square = [0, 0, 0];
    let [clipped, right, below, channels, leftRight, upDown] = [0, 0, 0, 0, 0, 0];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        for (let c = 0; c < 3; c++) {
          const value = views[at(picture, y, x, c)]!;
          mean[c] = mean[c]! + value / pixels;
          square[c] = square[c]! + value ** 2 / pixels;
          if (value <= 0 || value >= 1) clipped += 1 / (3 * pixels);
          if (x + 1 < side) right += (views[at(picture, y, x + 1, c)]! - value) ** 2 / (3 * pixels);
          if (y + 1 < side) below += (views[at(picture, y + 1, x, c)]! - value) ** 2 / (3 * pixels);
          channels += (views[at(picture, y, x, (c + 1) % 3)]! - value) ** 2 / (3 * pixels);
          leftRight += ((x < side / 2 ? 1 : -1) * value) / (3 * pixels);
          upDown += ((y < side / 2 ? 1 : -1) * value) / (3 * pixels);
        }
      }
    }
    add('mean red', mean[0]!);
    add('mean green', mean[1]!);
    add('mean blue', mean[2]!);
    add('mean square red', square[0]!);
    add('mean square green', square[1]!);
    add('mean square blue', square[2]!);
    const overall = (mean[0]! + mean[1]! + mean[2]!) / 3;
    add('variance within a view', (square[0]! + square[1]! + square[2]!) / 3 - overall ** 2);
    add('share of gray views', channels < 1e-9 ? 1 : 0);
    add('share of black or white values', clipped);
    add('squared difference of neighbors, right', right);
    add('squared difference of neighbors, below', below);
    add('squared difference of channels', channels);
    add('left half less right half', leftRight);
    add('upper half less lower half', upDown);
  }
  return sums;
}

/** A moment of both sides. */
export interface MomentComparison {
  name: string;
  ours: number;
  theirs: number;
  /** Difference over its standard error: beyond 4, it is not chance. */
  z: number;
}

/**
 * Compares the moments of several independent draws.
 *
 * @param ours - The result of {@link momentsOf} for each draw; two draws or more.
 */
export function compareMoments(ours: number[][], theirs: number[][]): MomentComparison[] {
  return momentNames.map((name, moment) => {
    const [own, other] = [ours, theirs].map((draws) => describe(draws.map((draw) => draw[moment]!)));
    const error = Math.sqrt(own!.variance / ours.length + other!.variance / theirs.length);
    const difference = own!.mean - other!.mean;
    return { name, ours: own!.mean, theirs: other!.mean, z: error > 0 ? difference / error : 0 };
  });
}

function describe(values: number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, variance };
}
