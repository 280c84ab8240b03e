/**
 * Pictures that the network encodes in the time of one pair in training: two views, forward, backward, and their
 * augmentation. Measured on two cores.
 */
const picturesPerPair = 8;

/** How long training takes: by its own speed once it ran, before by that of the untrained network. */
export class Duration {
  private pairsPerSecond: number | undefined;
  private measured = false;

  /** The untrained network encodes so many pictures per second. */
  estimate(picturesPerSecond: number): void {
    if (!this.measured) this.pairsPerSecond = picturesPerSecond / picturesPerPair;
  }

  /** Training makes so many pairs per second. */
  measure(pairsPerSecond: number): void {
    this.measured = true;
    this.pairsPerSecond = pairsPerSecond;
  }

  /** Seconds for passes over pictures; `undefined` if nothing was measured. */
  of(passes: number, pictures: number): number | undefined {
    return this.pairsPerSecond === undefined ? undefined : (passes * pictures) / this.pairsPerSecond;
  }
}
