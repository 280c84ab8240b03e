/** Values per task. */
export const valuesPerCopyTask: i32 = 16384;

/** Pixels whose channels are each repeated, for a depthwise convolution with several filters per channel. */
@unmanaged
export class ChannelCopies {
  /** One value per channel. */
  single!: usize;
  /** `copies` neighboring values per channel. */
  repeated!: usize;
  /** Number of single values. */
  length!: i32;
  copies!: i32;
}

/** Repeats each value. */
export function repeatChannels(work: ChannelCopies, first: i32, last: i32): void {
  const copies = work.copies;
  const end = min(work.length, last * valuesPerCopyTask);
  let to = work.repeated + (<usize>(first * valuesPerCopyTask * copies) << 2);
  for (let index = first * valuesPerCopyTask; index < end; index++) {
    const value = load<f32>(work.single + (<usize>index << 2));
    for (let copy = 0; copy < copies; copy++) {
      store<f32>(to, value);
      to += 4;
    }
  }
}

/** Sums the copies of each channel. */
export function sumChannelCopies(work: ChannelCopies, first: i32, last: i32): void {
  const copies = work.copies;
  const end = min(work.length, last * valuesPerCopyTask);
  let from = work.repeated + (<usize>(first * valuesPerCopyTask * copies) << 2);
  for (let index = first * valuesPerCopyTask; index < end; index++) {
    let sum: f32 = 0;
    for (let copy = 0; copy < copies; copy++) {
      sum += load<f32>(from);
      from += 4;
    }
    store<f32>(work.single + (<usize>index << 2), sum);
  }
}
