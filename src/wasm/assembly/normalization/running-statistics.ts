/** Running statistics of a batch normalization, and those of the batch that move them. */
@unmanaged
export class RunningStatistics {
  /** Running mean and variance, [channels]. */
  mean!: usize;
  variance!: usize;
  /** Mean and biased variance of the batch, [groups, channels]. */
  batchMean!: usize;
  batchVariance!: usize;
  /** The new running mean and variance, [channels]. */
  newMean!: usize;
  newVariance!: usize;
  groups!: i32;
  channels!: i32;
  /** Factor of the running statistics. */
  momentum!: f32;
  /** Factors of the batch's statistics, averaged over the groups. */
  meanShare!: f32;
  varianceShare!: f32;
}

/** running * momentum + batch * share, rounded after each operation as the plain operations are. */
export function moveStatistics(work: RunningStatistics): void {
  moveOne(work, work.mean, work.batchMean, work.meanShare, work.newMean);
  moveOne(work, work.variance, work.batchVariance, work.varianceShare, work.newVariance);
}

function moveOne(work: RunningStatistics, running: usize, batch: usize, share: f32, to: usize): void {
  const bytes = <usize>work.channels << 2;
  const perGroup = 1 / <f64>work.groups;
  for (let at: usize = 0; at < bytes; at += 4) {
    let sum: f64 = 0;
    for (let group = 0; group < work.groups; group++) sum += load<f32>(batch + <usize>group * bytes + at);
    const average = <f32>(sum * perGroup);
    store<f32>(to + at, load<f32>(running + at) * work.momentum + average * share);
  }
}
