/** Columns per task: a few cache lines. */
export const columnsPerTask: i32 = 64;

/** Sums the rows that belong to the same segment. */
@unmanaged
export class SegmentSum {
  /** [rows, columns]. */
  x!: usize;
  /** Segment of each row, int32. Rows whose segment does not exist are left out. */
  segments!: usize;
  /** [segmentCount, columns]. */
  result!: usize;
  rows!: i32;
  columns!: i32;
  segmentCount!: i32;
}

/** Column blocks `first` to `last - 1`. Rows are added in order. */
export function segmentSum(work: SegmentSum, first: i32, last: i32): void {
  const bytes = <usize>work.columns << 2;
  const begin = <usize>(first * columnsPerTask) << 2;
  const end = <usize>min(last * columnsPerTask, work.columns) << 2;
  for (let segment = 0; segment < work.segmentCount; segment++) {
    memory.fill(work.result + <usize>segment * bytes + begin, 0, end - begin);
  }
  for (let row = 0; row < work.rows; row++) {
    const segment = load<i32>(work.segments + (<usize>row << 2));
    if (<u32>segment >= <u32>work.segmentCount) continue;
    const from = work.x + <usize>row * bytes;
    const to = work.result + <usize>segment * bytes;
    let at = begin;
    for (; at + 16 <= end; at += 16) {
      v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(from + at)));
    }
    for (; at < end; at += 4) store<f32>(to + at, load<f32>(to + at) + load<f32>(from + at));
  }
}
