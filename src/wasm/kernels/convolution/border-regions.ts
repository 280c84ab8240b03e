import type { Axis } from './gathered-product.js';

/** Output rows (or columns) for which the same region of the filter falls inside the picture, and that region of the filter. */
export interface AxisRegion {
  axis: Axis;
  /** The first of these output rows. */
  firstOut: number;
  /** The first filter row that falls inside. */
  firstFilter: number;
}

/** Each region packs its region of the filter, so splitting pays only when less than this share of the work is left. */
const maxRemainingWork = 0.8;
/** A region with fewer rows than this does not pay for packing a filter. */
const minRows = 64;

/** First and end of the filter rows that fall inside a picture of `size` rows, for one output row. */
function filterRange(
  { stride, offset, dilation, filterSize }: Axis,
  row: number,
  size: number,
): [number, number] {
  let [first, end] = [filterSize, 0];
  for (let filterRow = 0; filterRow < filterSize; filterRow++) {
    const pixel = row * stride + offset + filterRow * dilation;
    if (pixel < 0 || pixel >= size) continue;
    first = Math.min(first, filterRow);
    end = filterRow + 1;
  }
  return end === 0 ? [0, 0] : [first, end];
}

function region(
  axis: Axis,
  firstOut: number,
  outSize: number,
  [firstFilter, end]: [number, number],
): AxisRegion {
  const offset = axis.offset + firstOut * axis.stride + firstFilter * axis.dilation;
  return { axis: { ...axis, outSize, offset, filterSize: end - firstFilter }, firstOut, firstFilter };
}

/** One region of all output rows, with the filter rows that any of them needs. */
function wholeAxis(axis: Axis, size: number): AxisRegion {
  let [first, end] = [axis.filterSize, 0];
  for (let row = 0; row < axis.outSize; row++) {
    const [rowFirst, rowEnd] = filterRange(axis, row, size);
    if (rowEnd === 0) continue;
    first = Math.min(first, rowFirst);
    end = Math.max(end, rowEnd);
  }
  return region(axis, 0, axis.outSize, end === 0 ? [0, 0] : [first, end]);
}

/** Splits an axis into runs of output rows for which the same filter rows fall inside. */
function splitAxis(axis: Axis, size: number): AxisRegion[] {
  const regions: AxisRegion[] = [];
  for (let row = 0; row < axis.outSize; ) {
    const range = filterRange(axis, row, size);
    let end = row + 1;
    while (end < axis.outSize && String(filterRange(axis, end, size)) === String(range)) end++;
    regions.push(region(axis, row, end - row, range));
    row = end;
  }
  return regions;
}

const work = (regions: AxisRegion[]) =>
  regions.reduce((sum, { axis }) => sum + axis.outSize * axis.filterSize, 0);

/**
 * Splits the output into regions that need no products with the zeros around the pictures. With a 3x3 filter these are five
 * of nine products for a picture of 2x2 pixels, and eight of nine for a single pixel.
 *
 * @param sizes - Height and width of the pictures, in pixels.
 * @returns The regions along both axes. Together they cover every output pixel once. One region along each where splitting
 * does not pay.
 */
export function borderRegions(
  [y, x]: readonly [Axis, Axis],
  sizes: readonly [number, number],
  pictures: number,
): [AxisRegion[], AxisRegion[]] {
  const whole: [AxisRegion[], AxisRegion[]] = [[wholeAxis(y, sizes[0])], [wholeAxis(x, sizes[1])]];
  const regions: [AxisRegion[], AxisRegion[]] = [splitAxis(y, sizes[0]), splitAxis(x, sizes[1])];
  const remaining = (work(regions[0]) * work(regions[1])) / (work(whole[0]) * work(whole[1]));
  const rows = (pictures * y.outSize * x.outSize) / (regions[0].length * regions[1].length);
  return remaining < maxRemainingWork && rows >= minRows ? regions : whole;
}

/** Multiplications that a convolution takes per pair of channels, without those that {@link borderRegions} saves. */
export function multiplicationsOf(
  axes: readonly [Axis, Axis],
  sizes: readonly [number, number],
  pictures: number,
): number {
  const [y, x] = borderRegions(axes, sizes, pictures);
  return pictures * work(y) * work(x);
}
