/** Values per task. */
export const valuesPerBlock: i32 = 16384;

/** The smallest and the largest of many values. */
@unmanaged
export class ValueRange {
  x!: usize;
  /** Smallest and largest value of each block, [blocks, 2]. */
  extremes!: usize;
  length!: i32;
}

/** The extremes of blocks `first` to `last - 1`: both NaN where a value is. */
export function blockExtremes(work: ValueRange, first: i32, last: i32): void {
  for (let block = first; block < last; block++) {
    const begin = work.x + (<usize>(block * valuesPerBlock) << 2);
    const end = work.x + (<usize>min(work.length, (block + 1) * valuesPerBlock) << 2);
    let smallest = f32x4.splat(load<f32>(begin));
    let largest = smallest;
    let at = begin;
    for (; at + 16 <= end; at += 16) {
      const values = v128.load(at);
      smallest = f32x4.min(smallest, values);
      largest = f32x4.max(largest, values);
    }
    for (; at < end; at += 4) {
      const value = f32x4.splat(load<f32>(at));
      smallest = f32x4.min(smallest, value);
      largest = f32x4.max(largest, value);
    }
    const to = work.extremes + (<usize>block << 3);
    store<f32>(
      to,
      min<f32>(
        min<f32>(f32x4.extract_lane(smallest, 0), f32x4.extract_lane(smallest, 1)),
        min<f32>(f32x4.extract_lane(smallest, 2), f32x4.extract_lane(smallest, 3)),
      ),
    );
    store<f32>(
      to,
      max<f32>(
        max<f32>(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)),
        max<f32>(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)),
      ),
      4,
    );
  }
}
