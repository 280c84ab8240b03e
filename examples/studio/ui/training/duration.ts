/** Views that the network encodes in the time of one pair in training, measured on two cores. */
const viewsPerPair = 3;

/** How long training takes: by its own speed once it ran, before by that of the untrained network. */
export class Duration {
  private pairsPerSecond: number | undefined;
  private measured = false;

  /** The untrained network makes and encodes so many views per second. */
  estimate(viewsPerSecond: number): void {
    if (!this.measured) this.pairsPerSecond = viewsPerSecond / viewsPerPair;
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
