import type { Axis } from './gathered-product.js';

/** Rows of a grid's axis that have the same taps inside the pictures, and these taps alone. */
export interface AxisPart {
  axis: Axis;
  /** Number of its first row in the whole axis. */
  firstRow: number;
  /** Number of its first tap in the whole axis. */
  firstTap: number;
}

/** Splitting makes more products, each of which packs its part of the filter: it must save this share of the work. */
const worthwhileShare = 0.8;
/** Fewer rows than this do not pay for packing a filter. */
const leastRows = 64;

/** The taps of a row that lie inside a picture of so many pixels: first and end. */
function insideTaps({ rowStep, origin, tapStep, taps }: Axis, row: number, size: number): [number, number] {
  let [first, end] = [taps, 0];
  for (let tap = 0; tap < taps; tap++) {
    const place = row * rowStep + origin + tap * tapStep;
    if (place < 0 || place >= size) continue;
    first = Math.min(first, tap);
    end = tap + 1;
  }
  return end === 0 ? [0, 0] : [first, end];
}

function part(axis: Axis, firstRow: number, grid: number, [firstTap, end]: [number, number]): AxisPart {
  const origin = axis.origin + firstRow * axis.rowStep + firstTap * axis.tapStep;
  return { axis: { ...axis, grid, origin, taps: end - firstTap }, firstRow, firstTap };
}

/** One part with all rows and the taps that any of them needs. */
function trimmed(axis: Axis, size: number): AxisPart {
  let [first, end] = [axis.taps, 0];
  for (let row = 0; row < axis.grid; row++) {
    const [rowFirst, rowEnd] = insideTaps(axis, row, size);
    if (rowEnd === 0) continue;
    first = Math.min(first, rowFirst);
    end = Math.max(end, rowEnd);
  }
  return part(axis, 0, axis.grid, end === 0 ? [0, 0] : [first, end]);
}

/** Parts with rows side by side whose taps inside are the same. */
function split(axis: Axis, size: number): AxisPart[] {
  const parts: AxisPart[] = [];
  for (let row = 0; row < axis.grid; ) {
    const taps = insideTaps(axis, row, size);
    let end = row + 1;
    while (end < axis.grid && String(insideTaps(axis, end, size)) === String(taps)) end++;
    parts.push(part(axis, row, end - row, taps));
    row = end;
  }
  return parts;
}

const work = (parts: AxisPart[]) => parts.reduce((sum, { axis }) => sum + axis.grid * axis.taps, 0);

/**
 * Leaves out products with the zeros around the pictures: of a picture of 2x2 pixels under a 3x3 filter they are five
 * of nine, of one pixel eight.
 *
 * @param sizes - Height and width of the pictures, in pixels.
 * @returns The parts of both axes; together they cover every row once.
 */
export function withoutBorder(
  [y, x]: readonly [Axis, Axis],
  sizes: readonly [number, number],
  pictures: number,
): [AxisPart[], AxisPart[]] {
  const whole: [AxisPart[], AxisPart[]] = [[trimmed(y, sizes[0])], [trimmed(x, sizes[1])]];
  const parts: [AxisPart[], AxisPart[]] = [split(y, sizes[0]), split(x, sizes[1])];
  const saved = (work(parts[0]) * work(parts[1])) / (work(whole[0]) * work(whole[1]));
  const rows = (pictures * y.grid * x.grid) / (parts[0].length * parts[1].length);
  return saved < worthwhileShare && rows >= leastRows ? parts : whole;
}

/** How many products of pairs of values a convolution takes for each pair of channels, when borders are left out. */
export function productsOf(
  axes: readonly [Axis, Axis],
  sizes: readonly [number, number],
  pictures: number,
): number {
  const [y, x] = withoutBorder(axes, sizes, pictures);
  return pictures * work(y) * work(x);
}
